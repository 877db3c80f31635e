// A page of the server's own, which loads analytics.js for this visitor.
import assert from "node:assert/strict";
import { compare, row } from "./table.js";

export function pageScenarios(scenario) {
  scenario("the loader", async (visit) => {
    const v = await visit();
    await v.open("standard/cm");
    await v.choose({ functional: true, marketingAndAnalytics: false, advertising: true });
    const { allowed } = await v.decision("standard");
    await v.forget();
    const problems = [];
    v.page.on("pageerror", (err) => problems.push(String(err)));
    v.page.on("console", (message) => /Content.Security.Policy/i.test(message.text()) && problems.push(message.text()));
    await v.open("standard/page");
    await v.page.evaluate(() => window.analytics.track("Teapot Viewed"));
    await v.page.waitForLoadState("networkidle");

    assert.deepEqual(problems, [], "the Content-Security-Policy lets it load");
    assert.equal(await v.page.evaluate(() => window.analytics.initialized), true, "the real analytics.js");
    const open = Object.keys(allowed).filter((name) => allowed[name]).sort();
    const delivered = await v.page.evaluate(() => window.delivered);
    for (const call of ["page", "Teapot Viewed"]) {
      assert.deepEqual(delivered.filter((d) => d[1] === call).map((d) => d[0]).sort(), open);
    }
    const { events: all, loads } = await v.received();
    assert.equal(loads, 1);
    // What the Consent Manager's page had left to send comes too.
    const events = all.filter((e) => e.from === "browser" && e.body.type !== "identify");
    assert.deepEqual(events.map((e) => e.body.type).sort(), ["page", "track"]);
    for (const { body } of events) {
      assert.deepEqual(Object.entries(body.integrations).sort(), Object.entries({
        All: false, "Segment.io": true, Warehouses: { all: false }, ...Object.fromEntries(open.map((name) => [name, true])),
      }).sort());
      assert.deepEqual(body.context.consent,
        { categoryPreferences: { advertising: true, functional: true, marketingAndAnalytics: false } });
    }
    const sent = (await v.track("standard")).delivered.sort();
    assert.deepEqual(sent, open);
    row("the loader, mixed", `analytics.js loads ${open.length} of 7`, `delivers to ${sent.length} of 7`, "equal; closes warehouses too");
  });

  for (const [what, answer] of [["no answer", null], ["deny", "Deny all"]]) {
    scenario(`the loader, ${what}`, async (visit) => {
      const v = await visit();
      if (answer) {
        await v.open("standard/cm");
        await v.click(answer);
      }
      await v.forget();
      await v.open("standard/page");
      assert.equal(await v.page.locator("script").count(), 0);
      const { events, loads } = await v.received();
      assert.equal(loads, 0);
      assert.deepEqual(events, []);
      assert.ok(!("ajs_anonymous_id" in (await v.cookies())));
      row(`the loader, ${what}`, "no script in the page", "sends nothing", "equal");
    });
  }

  scenario("the cookie is set again by the server", async (visit) => {
    const v = await visit();
    await v.open("standard/cm");
    await v.click("Allow all");
    // As Safari would keep it: for seven days.
    const [written] = (await v.cookies())["tracking-preferences"];
    const inAWeek = Date.now() / 1000 + 7 * 86400;
    await v.context.addCookies([{ ...written, expires: inAWeek }]);

    const first = await v.page.goto("https://shop.example.test/standard/page", { waitUntil: "networkidle" });
    assert.equal((await first.headersArray()).filter((h) => h.name.toLowerCase() === "set-cookie").length, 2);
    assert.match(await first.headerValue("cache-control"), /^private$/);
    const cookies = await v.cookies();
    assert.equal(cookies["tracking-preferences"].length, 1, "in place of the script's, not beside it");
    const [renewed] = cookies["tracking-preferences"];
    assert.equal(renewed.value, written.value);
    assert.deepEqual([renewed.domain, renewed.path], [written.domain, written.path]);
    assert.ok(renewed.expires > Date.now() / 1000 + 363 * 86400);
    assert.ok(renewed.expires <= written.expires + 5, "not past what the script meant");
    assert.ok(cookies["tracking-preferences-seen"][0].httpOnly);

    const second = await v.page.goto("https://shop.example.test/standard/page", { waitUntil: "networkidle" });
    assert.equal(await second.headerValue("set-cookie"), null, "once a day");
    await v.open("standard/cm");
    assert.ok(!(await v.banner()));
    assert.equal(Object.keys(await v.loaded()).length, 9);
    // The script still changes what the server has set.
    await v.choose({ functional: false, marketingAndAnalytics: false, advertising: false });
    assert.notEqual(await v.answer(), written.value);
    row("set again by the server, for Safari", "reads it, and writes over it", "same bytes, once a day, one cookie", "equal");
  });

  scenario("a script whose cookie is for another domain", async (visit) => {
    const v = await visit();
    const narrower = { cookieDomain: "shop.example.test" };
    const copies = async () => ((await v.cookies())["tracking-preferences"] || []).map((c) => c.domain).sort();
    await v.open("standard/cm", narrower);
    await v.click("Allow all");
    await v.open("standard/page");
    assert.deepEqual(await copies(), [".example.test", ".shop.example.test"], "one beside the script's");
    await v.open("standard/cm", narrower);
    await v.choose({ functional: false, marketingAndAnalytics: false, advertising: false });
    assert.equal((await copies()).length, 2);
    await v.open("standard/page");
    assert.equal(await v.page.locator("script").count(), 0);
    assert.deepEqual(await copies(), [".example.test"]);
    await v.open("standard/cm", narrower);
    assert.ok(!(await v.banner()));
    await compare(v, "standard", "a script whose cookie is for another domain");
    assert.equal(await v.loaded(), null);
  });
}
