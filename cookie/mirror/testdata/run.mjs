// Runs the scripts against each platform's interface, as its documentation has it, and
// prints the cookie that each scenario leaves behind.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const script = (name) => readFileSync(new URL("../script/" + name + ".js", import.meta.url), "utf8");
const results = {};

// run runs a platform's script in a page, then what happens there.
async function run(name, platform, page, then, cookie = "") {
  const jar = new Map(cookie ? [cookie.split("=")] : []);
  const listeners = {};
  const window = {
    location: { protocol: "https:" },
    addEventListener: (event, call) => (listeners[event] ||= []).push(call),
    document: {
      get cookie() { return [...jar].map(([n, v]) => n + "=" + v).join("; "); },
      set cookie(set) {
        const [pair] = set.split("; ");
        jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
      },
    },
    ...page,
  };
  window.window = window;
  let now = 1764072000000;
  window.Date = { now: () => (now += 1000) };
  vm.runInNewContext(script("mirror") + script(platform), window);
  const fire = async (event) => { for (const call of listeners[event] || []) await call(); };
  await then(window, fire);
  const mirrored = jar.get("consent-mirror");
  results[name] = mirrored === undefined ? "" : "consent-mirror=" + mirrored;
}

const sourcepoint = (data, config) => {
  const page = {
    __tcfapi: (command, version, call) => call(data, command === "getCustomVendorConsents" && version === 2),
    consentMirror: config,
  };
  const ready = [];
  page._sp_ = { addEventListener: (event, call) => event === "onConsentReady" && ready.push(call) };
  return [page, (window) => { window._sp_queue.forEach((call) => call()); ready.forEach((call) => call()); }];
};
const grants = {
  "5e542b3a4cd8884eb41b5a72": { vendorGrant: true, purposeGrants: { p1: true, p2: true } },
  "5e7e1298b8e05c54a85c52d2": { vendorGrant: false, purposeGrants: { p1: true, p2: false } },
};
await run("sourcepoint", "sourcepoint", ...sourcepoint({ newUser: false, grants }));
await run("sourcepoint, vendors", "sourcepoint", ...sourcepoint({ newUser: false, grants }, { vendors: Object.keys(grants) }));
await run("sourcepoint, untouched", "sourcepoint", ...sourcepoint({ newUser: true, grants }));
await run("sourcepoint, unknown", "sourcepoint", ...sourcepoint({ grants }));

const usercentrics = (type, given) => ({
  __ucCmp: { getConsentDetails: async () => ({ services: {
    HkocEodjb7: { name: "Google Analytics", consent: { given, type } },
    ocv9HNX_g: { name: "Facebook Pixel", consent: { given: false, type } },
  } }) },
});
await run("usercentrics", "usercentrics", usercentrics("EXPLICIT", true), (_, fire) => fire("UC_CONSENT"));
await run("usercentrics, loaded again", "usercentrics", usercentrics("EXPLICIT", true), (_, fire) => fire("UC_UI_INITIALIZED"));
await run("usercentrics, rejected", "usercentrics", usercentrics("EXPLICIT", false), (_, fire) => fire("UC_UI_CMP_EVENT"));
await run("usercentrics, untouched", "usercentrics", usercentrics("IMPLICIT", true), (_, fire) => fire("UC_UI_INITIALIZED"));

const termly = (state) => {
  const calls = {};
  return [
    { Termly: { on: (event, call) => { calls[event] = call; }, getConsentState: () => state } },
    calls,
  ];
};
const termlyState = { essential: true, performance: true, analytics: true, advertising: false, social_networking: false, unclassified: false };
{
  const [page, calls] = termly(termlyState);
  await run("termly", "termly", page, () => calls.consent({ consentState: termlyState }));
  await run("termly, loaded again", "termly", page, () => calls.initialized());
  const [granting, granted] = termly({ essential: true, analytics: true });
  await run("termly, a default", "termly", granting, () => granted.initialized());
  const [none, untouched] = termly(undefined);
  await run("termly, untouched", "termly", none, () => untouched.initialized());
}

const osano = (consent) => {
  const calls = {};
  return [{ Osano: { cm: { addEventListener: (event, call) => { calls[event] = call; }, getConsent: () => consent } } }, calls];
};
{
  const consent = { ESSENTIAL: "ACCEPT", ANALYTICS: "ACCEPT", MARKETING: "DENY", PERSONALIZATION: "DENY", OPT_OUT: "ACCEPT" };
  const [page, calls] = osano(consent);
  await run("osano", "osano", page, () => calls["osano-cm-consent-saved"](consent));
  await run("osano, loaded again", "osano", page, () => calls["osano-cm-initialized"](consent), "osano_consentmanager=x");
  await run("osano, untouched", "osano", page, () => calls["osano-cm-initialized"](consent));
}

const klaro = (confirmed) => {
  const manager = { confirmed, consents: { session: true, "café & thé": false }, watch: (w) => { manager.watcher = w; } };
  return [{ klaro: { getManager: () => manager } }, manager];
};
{
  const [page, manager] = klaro(false);
  await run("klaro, untouched", "klaro", page, () => {});
  await run("klaro", "klaro", page, () => { manager.confirmed = true; manager.watcher.update(manager, "saveConsents"); });
  await run("klaro, loaded again", "klaro", klaro(true)[0], () => {});
}

const preferences = { acceptedCategories: ["necessary"], rejectedCategories: ["analytics", "ads"] };
await run("orestbida", "orestbida", { CookieConsent: { getUserPreferences: () => preferences } }, (_, fire) => fire("cc:onConsent"));
await run("orestbida, untouched", "orestbida", { CookieConsent: { getUserPreferences: () => preferences } }, () => {});

// The same answer keeps its date, another does not.
await run("a date that stays", "orestbida", { CookieConsent: { getUserPreferences: () => preferences } },
  async (_, fire) => { await fire("cc:onConsent"); await fire("cc:onChange"); });

console.log(JSON.stringify(results, null, 2));
