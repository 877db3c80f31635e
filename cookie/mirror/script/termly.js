// Termly: categories. To run when Termly has loaded, as its onload does.
window.Termly.on("consent", ({ consentState }) => mirrorConsent("termly", consentState));
window.Termly.on("initialized", () => {
  // It does not say whether the visitor answered: a state that denies nothing may be a default.
  const state = window.Termly.getConsentState() || {};
  if (Object.values(state).includes(false)) mirrorConsent("termly", state);
});
