// Writes an answer into a cookie of the site, for the server. Set window.consentMirror
// before it to give the cookie another name or a domain.
function mirrorConsent(source, categories, vendors) {
  const { name = "consent-mirror", domain } = window.consentMirror || {};
  const list = (answers) => Object.entries(answers || {})
    .map(([id, granted]) => encodeURIComponent(id) + "=" + (granted === true ? 1 : 0)).join("&");
  const answer = ":" + list(categories) + ":" + list(vendors) + ":";
  const begin = "1:" + encodeURIComponent(source) + ":";
  // An answer that is there keeps its date.
  const held = document.cookie.split("; ").find((c) => c.startsWith(name + "=" + begin) && c.endsWith(answer));
  const value = held ? held.slice(name.length + 1) : begin + Math.floor(Date.now() / 1000) + answer;
  document.cookie = name + "=" + value + "; path=/; max-age=31536000; samesite=lax" +
    (domain ? "; domain=" + domain : "") + (location.protocol === "https:" ? "; secure" : "");
}
