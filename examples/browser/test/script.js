// The Consent Manager writes, and the server decides.
import assert from "node:assert/strict";
import { compare, row } from "./table.js";

const everything = { functional: true, marketingAndAnalytics: true, advertising: true };
const nothing = { functional: false, marketingAndAnalytics: false, advertising: false };
const mixed = { functional: true, marketingAndAnalytics: false, advertising: true };

export function scriptScenarios(scenario) {
  scenario("accept", async (visit) => {
    const v = await visit();
    await v.open("standard/cm");
    assert.ok(await v.banner());
    await v.click("Allow all");
    const { loads } = await compare(v, "standard", "accept");
    assert.equal(loads.length, 7);
    await v.open("standard/cm");
    assert.ok(!(await v.banner()));
    await compare(v, "standard", "accept, the next page");
  });

  scenario("deny", async (visit) => {
    const v = await visit();
    await v.open("standard/cm");
    await v.click("Deny all");
    const { loads } = await compare(v, "standard", "deny");
    assert.equal(loads.length, 0);
  });

  scenario("mixed", async (visit) => {
    const v = await visit();
    await v.open("standard/cm");
    await v.choose(mixed);
    const { loads } = await compare(v, "standard", "mixed");
    assert.deepEqual(loads.sort(), ["Facebook Pixel", "Google Tag Manager", "Intercom", "Zendesk"]);
  });

  scenario("custom categories that overlap", async (visit) => {
    const v = await visit();
    await v.open("custom/cm");
    await v.choose({ "Statistics": true, "Ads & Friends": false, "Chat": true });
    const { loads } = await compare(v, "custom", "custom categories that overlap");
    assert.deepEqual(loads.sort(), ["HubSpot", "Intercom", "Webhooks", "Zendesk"]);
  });

  scenario("cookieName", async (visit) => {
    const v = await visit();
    await v.open("named/cm");
    await v.choose(mixed);
    const { loads } = await compare(v, "named", "cookieName, one that needs escapes");
    assert.equal(loads.length, 4);
    assert.ok(await v.answer("my%20choice%3B%C3%A9"));
  });

  scenario("unicode names", async (visit) => {
    const v = await visit();
    await v.open("unicode/cm");
    await v.choose({ "Werbung für Dich": false, "解析": true });
    const { loads } = await compare(v, "unicode", "unicode names");
    assert.deepEqual(loads.sort(), ["Größe & Maß", "アナリティクス"]);
  });

  scenario("dismiss", async (visit) => {
    const v = await visit();
    await v.open("standard/cm", { closeBehavior: "dismiss" });
    await v.click("Close");
    assert.ok(!(await v.banner()));
    assert.equal(await v.answer(), null);
    await compare(v, "standard", "dismiss");
  });

  for (const behavior of ["accept", "deny"]) {
    scenario(`close means ${behavior}`, async (visit) => {
      const v = await visit();
      await v.open("standard/cm", { closeBehavior: behavior });
      await v.click("Close");
      const { loads } = await compare(v, "standard", `closeBehavior ${behavior}`);
      assert.equal(loads.length, behavior === "accept" ? 7 : 0);
    });
  }

  scenario("a destination that is new", async (visit) => {
    const v = await visit();
    await v.open("standard/cm");
    await v.click("Allow all");
    await v.open("grown/cm");
    assert.ok(await v.banner(), "the script asks again");
    const { loads } = await compare(v, "grown", "a destination that is new since");
    assert.ok(!loads.includes("Mixpanel"));
  });

  for (const behavior of ["enable", "imply"]) {
    scenario(`a destination that is new, and ${behavior}`, async (visit) => {
      const v = await visit();
      await v.open("standard/cm");
      await v.click("Allow all");
      await v.open("grown/cm", { defaultDestinationBehavior: behavior });
      await compare(v, "grown", `the same, defaultDestinationBehavior ${behavior}`, "it was not asked about; Imply would follow the script");
    });
  }

  scenario("initialPreferences", async (visit) => {
    const v = await visit();
    await v.open("standard/cm", { initialPreferences: everything });
    assert.ok(await v.banner());
    assert.equal(await v.answer(), null);
    await compare(v, "standard", "initialPreferences, before any answer", "nobody has answered yet");
  });

  scenario("a browser that sends Global Privacy Control", async (visit) => {
    const v = await visit({ extraHTTPHeaders: { "Sec-GPC": "1" } });
    await v.open("standard/cm");
    await v.click("Allow all");
    await compare(v, "standard", "accept, with Global Privacy Control", "the script does not look at the signal");
  });

  scenario("a cookie with other values than true and false", async (visit) => {
    const v = await visit();
    await v.open("standard/cm");
    await v.click("Allow all");
    const odd = (await v.answer()).replace("%22Amplitude%22:true", "%22Amplitude%22:%22N/A%22");
    await v.context.addCookies([{ name: "tracking-preferences", value: odd, domain: ".example.test", path: "/" }]);
    await v.open("standard/cm");
    // The category grants it, and the answer by name is none.
    await compare(v, "standard", "\"N/A\" for a destination", "only true is a grant, and the name is as if it were new");
  });

  scenario("revoke", async (visit) => {
    const identifies = ({ events }) => events.filter((e) => e.body.type === "identify");
    const updates = ({ events }) => events.filter((e) => e.body.event === "Segment Consent Preference Updated");

    const v = await visit();
    await v.forget();
    await v.open("standard/cm");
    await v.click("Allow all");
    await v.received((r) => identifies(r).length === 1);
    await v.forget();
    await v.choose(nothing);
    const { loads } = await compare(v, "standard", "revoke, in the script");
    assert.equal(loads.length, 0);
    // The Consent Manager loads the page anew while its identify is under way. If it
    // arrives, it is for the destinations that were just revoked.
    const heard = await v.received();
    assert.equal(updates(heard).length, 0);
    for (const { body } of identifies(heard)) assert.equal(body.integrations["Facebook Pixel"], true);

    // The same on the server's form.
    const w = await visit();
    await w.open("standard/cm");
    await w.choose(everything);
    await w.page.waitForFunction(() => document.cookie.includes("ajs_anonymous_id"));
    const id = (await w.cookies())["ajs_anonymous_id"][0].value;
    await w.received((r) => identifies(r).length > 0);
    await w.forget();
    await w.fill("standard", []);
    const [{ body }] = updates(await w.received((r) => updates(r).length > 0));
    assert.equal(body.anonymousId, id, "the id of analytics.js");
    assert.deepEqual(body.context.consent.categoryPreferences,
      { advertising: false, functional: false, marketingAndAnalytics: false });
    assert.deepEqual(Object.values(body.integrations).filter((value) => value === true), []);
    assert.ok(!("ajs_anonymous_id" in (await w.cookies())), "and the id is forgotten");
    assert.equal((await w.track("standard")).suppressed, true);
    assert.deepEqual(identifies(await w.received()).filter((e) => e.from === "server"), [], "no traits for destinations that were revoked");
    row("revoke, what Segment hears", "at best an identify, sent to what was revoked",
      "the update event, to Segment alone", "stricter, and it always arrives");
  });
}
