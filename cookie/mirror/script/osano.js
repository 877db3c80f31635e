// Osano: categories. To run when Osano has loaded. OPT_OUT says ACCEPT to opt out, so that
// it stands here as SALE, the other way round.
function mirrorOsano(consent) {
  const categories = {};
  for (const [category, answer] of Object.entries(consent || {})) {
    if (category === "OPT_OUT") categories.SALE = answer === "DENY";
    else categories[category] = answer === "ACCEPT";
  }
  mirrorConsent("osano", categories);
}
window.Osano.cm.addEventListener("osano-cm-consent-saved", mirrorOsano);
window.Osano.cm.addEventListener("osano-cm-initialized", () => {
  if (/(^|; )osano_consentmanager=/.test(document.cookie)) mirrorOsano(window.Osano.cm.getConsent());
});
