// A page on Segment's consent-tools and the real analytics.js, whose categories sit in a
// cookie of the site's own: the same destinations on both sides.
import assert from "node:assert/strict";
import { minute } from "./harness.js";
import { row } from "./table.js";

const host = "https://banners.example.test/tools/";

const cases = [
  undefined, // untouched
  { analytics: true, advertising: true },
  { analytics: false, advertising: false },
  { analytics: true, advertising: false },
  { analytics: false, advertising: true },
  { analytics: true }, // what is left out is denied
  { Analytics: true, advertising: true }, // and so is another casing
  {},
];

async function open(v, model) {
  await v.page.goto(host + model, { waitUntil: "networkidle" });
  assert.ok(await v.page.evaluate(() => window.wrapped));
}

// compare has the page and the server tell which destinations an event reaches.
async function compare(v, model, what) {
  const { allowed, error } = await v.json(`/tools/${model}/allowed`);
  assert.equal(error, "<nil>", what);
  let delivered;
  for (const start = Date.now(); Date.now() < start + minute;) { // destinations load after the page is idle
    delivered = await v.page.evaluate(() => (window.delivered || []).filter(([, event]) => event === "Order Completed").map(([name]) => name));
    if (delivered.length >= allowed.length) break;
    await v.page.waitForTimeout(50);
  }
  await v.page.waitForLoadState("networkidle");
  delivered = await v.page.evaluate(() => (window.delivered || []).filter(([, event]) => event === "Order Completed").map(([name]) => name));
  assert.deepEqual(delivered.sort(), allowed.sort(), what);
  return allowed.length;
}

export function toolsScenarios(scenario) {
  for (const model of ["opt-in", "opt-out"]) {
    scenario(`consent-tools, ${model}`, async (visit) => {
      const reached = [];
      for (const categories of cases) {
        const what = `${model}, ${JSON.stringify(categories)}`;
        const page = await visit(); // the page writes
        if (categories) {
          await open(page, model);
          await page.page.evaluate((categories) => window.choose(categories), categories);
        }
        await open(page, model);
        reached.push(await compare(page, model, what));
        await page.close();
      }
      assert.deepEqual(reached, [model === "opt-in" ? 0 : 3, 3, 0, 1, 1, 1, 1, 0]);
      row(`consent-tools, ${model}`, `${cases.length} answers`, "allows the same", "equal");
    });

    scenario(`consent-tools, ${model}, the server writes`, async (visit) => {
      for (const categories of cases.slice(1, 6)) {
        const server = await visit(); // the server writes
        await open(server, model);
        await server.page.evaluate(() => window.choose({ analytics: false }));
        await server.json("/tools/answer", { method: "POST", body: JSON.stringify(categories) });
        const held = await server.page.evaluate(() => window.held());
        assert.deepEqual(held, { version: 3, categories: { analytics: false, advertising: false, ...categories } }, "one cookie, with what the site keeps in it");
        await open(server, model);
        await compare(server, model, `${model}, ${JSON.stringify(categories)}, of the server`);
        await server.close();
      }
      row(`consent-tools, ${model}, the server writes`, "5 answers", "allows the same", "equal");
    });
  }
}
