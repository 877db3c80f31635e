// Pages of the server's own that a browser shows after the answer has changed.
import assert from "node:assert/strict";
import { shop } from "./harness.js";
import { row } from "./table.js";

const page = "/standard/page";
const everything = ["advertising", "functional", "marketingAndAnalytics"];

// prefetch has the browser fetch the page, as a link to it that the visitor may follow.
async function prefetch(v) {
  await v.page.goto(shop + "/standard/form");
  const before = await v.json("/standard/rendered");
  await v.page.evaluate((page) => {
    const rules = document.createElement("script");
    rules.type = "speculationrules";
    rules.textContent = JSON.stringify({ prefetch: [{ source: "list", urls: [page], eagerness: "immediate" }] });
    document.head.append(rules);
  }, page);
  while (await v.json("/standard/rendered") === before) await v.page.waitForTimeout(50);
}

const follow = (v) => v.page.evaluate((page) => { location.href = page; }, page);

const answer = (v, granted) => v.json("/standard/preferences", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ categories: Object.fromEntries(everything.map((name) => [name, granted])) }),
});

const pageViews = (r) => r.events.filter((e) => e.from === "browser" && e.body.type === "page");

// started checks whether analytics.js runs in the page and has told of it.
async function started(v, expected) {
  if (expected) await v.received((r) => pageViews(r).length === 1);
  const received = await v.received();
  assert.equal(received.loads, expected ? 1 : 0);
  assert.equal(pageViews(received).length, expected ? 1 : 0);
  assert.equal(await v.page.evaluate(() => typeof window.analytics), expected ? "object" : "undefined");
}

export function staleScenarios(scenario) {
  for (const denied of [false, true]) {
    const what = denied ? "denied meanwhile" : "the answer stands";

    scenario(`prefetched, ${what}`, async (visit) => {
      const v = await visit();
      await v.fill("standard", everything);
      await v.forget();
      await prefetch(v);
      if (denied) await answer(v, false);
      await follow(v);
      await v.page.waitForURL("**" + page);
      await v.page.waitForLoadState("networkidle");
      // An answer that closes something clears what was prefetched for the one before.
      assert.equal(await v.page.evaluate(() => performance.getEntriesByType("navigation")[0].deliveryType),
        denied ? "" : "navigational-prefetch");
      await started(v, !denied);
      row(`prefetched, ${what}`, denied ? "does not load analytics.js" : "loads analytics.js", "-", "equal");
    });

    // A browser that a debugger drives, as these tests do, prerenders nothing.
    scenario(`prerendered, ${what}`, async (visit) => {
      const v = await visit();
      await v.fill("standard", everything);
      await v.page.addInitScript(() => {
        Object.defineProperty(document, "prerendering", { value: true, configurable: true });
      });
      await v.forget();
      await v.page.goto(shop + page, { waitUntil: "networkidle" });
      await v.page.evaluate(() => window.analytics.track("Teapot Viewed"));
      assert.equal((await v.received()).loads, 0, "nobody has seen the page");
      if (denied) await answer(v, false);
      await v.forget();
      await v.page.evaluate(() => {
        delete document.prerendering;
        document.dispatchEvent(new Event("prerenderingchange"));
      });
      await v.page.waitForLoadState("networkidle");
      await started(v, !denied);
      row(`prerendered, ${what}`, denied ? "does not load analytics.js" : "loads analytics.js, once seen", "-", "equal");
    });
  }

  for (const denied of [false, true]) {
    const title = `the back button, ${denied ? "denied meanwhile" : "the answer stands"}`;
    scenario(title, async (visit) => {
      const v = await visit();
      await v.fill("standard", everything);
      await v.page.goto(shop + page, { waitUntil: "networkidle" });
      await v.page.evaluate(() => {
        window.addEventListener("pageshow", (event) => { window.kept = event.persisted; });
      });
      await v.page.goto(shop + "/standard/form");
      if (denied) await answer(v, false);
      await v.forget();
      await v.page.evaluate(() => { history.back(); });
      await v.page.waitForURL("**" + page, { waitUntil: "commit" }); // one that was kept does not load
      await v.page.waitForFunction((denied) => denied ? !("analytics" in window) : window.kept, denied);
      await v.page.waitForLoadState("networkidle");
      const { loads, events } = await v.received();
      assert.equal(loads, 0);
      assert.deepEqual(events.filter((e) => e.from === "browser"), []);
      row(title, denied ? "loaded anew, without analytics.js" : "as it was", "-", "equal");
    });
  }

  scenario("a page that stays open, denied meanwhile", async (visit) => {
    const v = await visit();
    await v.fill("standard", everything);
    await v.page.goto(shop + page, { waitUntil: "networkidle" });
    await v.received((r) => pageViews(r).length > 0);
    const other = await v.context.newPage();
    await other.goto(shop + "/standard/form");
    await other.getByRole("checkbox").first().uncheck();
    await other.getByRole("button", { name: "Save" }).click();
    await other.waitForLoadState("networkidle");
    await v.forget();
    const before = await v.page.evaluate(() => window.delivered.length);
    await v.page.evaluate(() => Promise.resolve(window.analytics.track("Teapot Viewed")).catch(() => {}));
    await v.page.waitForLoadState("networkidle");
    assert.equal(await v.page.evaluate(() => window.delivered.length), before);
    assert.deepEqual((await v.received()).events.filter((e) => e.from === "browser"), []);
    row("open in a tab, denied in another", "sends no event", "-", "equal");
  });

  for (const policy of [true, false]) {
    scenario(`Trusted Types, ${policy ? "with the default policy" : "without a policy"}`, async (visit) => {
      const v = await visit();
      await v.fill("standard", everything);
      await v.forget();
      const problems = [];
      v.page.on("pageerror", (err) => problems.push(String(err)));
      await v.page.goto(`${shop}${page}?trusted=${policy ? "default" : "none"}`, { waitUntil: "networkidle" });
      const { loads, events } = await v.received((r) => !policy || pageViews(r).length === 1);
      if (!policy) {
        assert.equal(loads, 0);
        assert.match(problems.join(), /TrustedScriptURL/, "the page says so");
        return;
      }
      assert.deepEqual(problems, []);
      assert.equal(loads, 1);
      assert.equal(pageViews({ events }).length, 1);
      await v.page.waitForFunction(() => window.delivered.length >= 7); // the destinations load later
      assert.equal((await v.page.evaluate(() => window.delivered)).length, 7, "and the destinations");
      row("Trusted Types", "analytics.js and its destinations load", "-", "with the documented policy");
    });
  }
}
