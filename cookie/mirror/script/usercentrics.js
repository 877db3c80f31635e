// Usercentrics (version 3): services. What nobody was asked about is IMPLICIT.
async function mirrorUsercentrics() {
  const details = await window.__ucCmp.getConsentDetails();
  const services = Object.entries((details || {}).services || {})
    .filter(([, service]) => service.consent && service.consent.type === "EXPLICIT")
    .map(([id, service]) => [id, service.consent.given === true]);
  if (services.length > 0) mirrorConsent("usercentrics", Object.fromEntries(services));
}
for (const event of ["UC_UI_INITIALIZED", "UC_CONSENT", "UC_UI_CMP_EVENT"]) {
  window.addEventListener(event, mirrorUsercentrics);
}
