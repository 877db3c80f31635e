// Klaro with storageMethod "localStorage": services. To run when Klaro has loaded.
{
  const mirror = (manager) => { if (manager.confirmed) mirrorConsent("klaro", manager.consents); };
  const manager = window.klaro.getManager();
  manager.watch({ update: (changed, what) => { if (what === "saveConsents") mirror(changed); } });
  mirror(manager);
}
