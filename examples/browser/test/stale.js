// Pages of the server's own that a browser shows after the answer has changed.
import assert from "node:assert/strict";
import { row } from "./table.js";

const page = "/standard/page";

// link puts a link to the page into another page of the shop, and rules by which the
// browser fetches it in advance.
async function link(v, kind) {
  await v.page.goto("https://shop.example.test/standard/form");
  const before = await v.json("/standard/rendered");
  await v.page.evaluate(([kind, page]) => {
    const a = document.createElement("a");
    a.href = page;
    a.textContent = "Teapots";
    document.body.append(a);
    const rules = document.createElement("script");
    rules.type = "speculationrules";
    rules.textContent = JSON.stringify({ [kind]: [{ source: "list", urls: [page], eagerness: "immediate" }] });
    document.head.append(rules);
  }, [kind, page]);
  while (await v.json("/standard/rendered") === before) await v.page.waitForTimeout(50);
  await v.page.waitForTimeout(500); // the browser takes it in
}

async function follow(v) {
  await v.page.getByRole("link", { name: "Teapots" }).click();
  await v.page.waitForURL("**" + page);
  await v.page.waitForLoadState("networkidle");
  return v.page.evaluate(() => {
    const [n] = performance.getEntriesByType("navigation");
    return { prerendered: n.activationStart > 0, prefetched: n.deliveryType === "navigational-prefetch" };
  });
}

const answer = (v, granted) => v.json("/standard/preferences", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ categories: Object.fromEntries(
    ["advertising", "functional", "marketingAndAnalytics"].map((name) => [name, granted])) }),
});

const pageViews = (r) => r.events.filter((e) => e.from === "browser" && e.body.type === "page");

export function staleScenarios(scenario) {
  for (const kind of ["prefetch", "prerender"]) {
    scenario(`${kind}, the answer stands`, async (visit) => {
      const v = await visit();
      await v.fill("standard", ["advertising", "functional", "marketingAndAnalytics"]);
      await v.forget();
      await link(v, kind);
      assert.equal((await v.received()).loads, 0, "nobody has seen the page");
      const how = await follow(v);
      assert.ok(how[kind + "ed"], JSON.stringify(how));
      await v.received((r) => pageViews(r).length === 1);
      assert.equal((await v.received()).loads, 1);
      row(`${kind}, the answer stands`, "analytics.js once the page is seen", "one page view", "equal");
    });

    scenario(`${kind}, denied meanwhile`, async (visit) => {
      const v = await visit();
      await v.fill("standard", ["advertising", "functional", "marketingAndAnalytics"]);
      await v.forget();
      await link(v, kind);
      await answer(v, false);
      const how = await follow(v);
      assert.ok(how[kind + "ed"], "the page was made for the earlier answer");
      const { loads, events } = await v.received();
      assert.equal(loads, 0);
      assert.deepEqual(pageViews({ events }), []);
      assert.equal(await v.page.evaluate(() => typeof window.analytics), "undefined");
      row(`${kind}, denied meanwhile`, "analytics.js is not loaded", "-", "equal");
    });
  }

  for (const denied of [false, true]) {
    const title = `the back button, ${denied ? "denied meanwhile" : "the answer stands"}`;
    scenario(title, async (visit) => {
      const v = await visit();
      await v.fill("standard", ["advertising", "functional", "marketingAndAnalytics"]);
      await v.page.goto("https://shop.example.test" + page, { waitUntil: "networkidle" });
      await v.page.evaluate(() => { window.marked = true; });
      await v.page.goto("https://shop.example.test/standard/form");
      if (denied) await answer(v, false);
      await v.forget();
      await v.page.evaluate(() => { history.back(); });
      await v.page.waitForURL("**" + page);
      await v.page.waitForLoadState("networkidle");
      await v.page.waitForTimeout(500); // a page that is loaded anew is loaded by now
      assert.equal(await v.page.evaluate(() => window.marked === true), !denied, "kept, or loaded anew");
      assert.equal(await v.page.evaluate(() => typeof window.analytics), denied ? "undefined" : "object");
      const { loads, events } = await v.received();
      assert.equal(loads, 0);
      assert.deepEqual(events.filter((e) => e.from === "browser"), []);
      row(title, denied ? "loaded anew, without analytics.js" : "as it was", "-", "equal");
    });
  }

  scenario("a page that stays open, denied meanwhile", async (visit) => {
    const v = await visit();
    await v.fill("standard", ["advertising", "functional", "marketingAndAnalytics"]);
    await v.page.goto("https://shop.example.test" + page, { waitUntil: "networkidle" });
    await v.received((r) => pageViews(r).length > 0);
    const other = await v.context.newPage();
    await other.goto("https://shop.example.test/standard/form");
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
      await v.fill("standard", ["advertising", "functional", "marketingAndAnalytics"]);
      await v.forget();
      const problems = [];
      v.page.on("pageerror", (err) => problems.push(String(err)));
      await v.page.goto(`https://shop.example.test${page}?trusted=${policy ? "default" : "none"}`, { waitUntil: "networkidle" });
      const { loads, events } = await v.received();
      if (!policy) {
        assert.equal(loads, 0);
        assert.match(problems.join(), /TrustedScriptURL/, "the page says so");
        return;
      }
      assert.deepEqual(problems, []);
      assert.equal(loads, 1);
      assert.equal(pageViews({ events }).length, 1);
      assert.equal((await v.page.evaluate(() => window.delivered)).length, 7, "and the destinations");
      row("Trusted Types", "analytics.js and its destinations load", "-", "with the documented policy");
    });
  }
}
