// The shop's page, as axe-core checks it, and as it is looked at: on a phone, a tablet and
// a desk, light and dark, before an answer, after it and after an order.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { row } from "./table.js";

const teapots = "https://teapots.example.test/";
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

// check fails if axe-core finds anything, or if the page is wider than the window.
async function check(v, when) {
  await v.page.addScriptTag({ path: axe });
  const { violations } = await v.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(", ")}`);
  assert.deepEqual(found, [], when);
  const over = await v.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${when}: ${over} pixels are cut off`);
}

// inView asserts that all of an element is in the window.
async function inView(v, selector, when) {
  const box = await v.page.locator(selector).boundingBox();
  const { height } = v.page.viewportSize();
  assert.ok(box && box.y >= 0 && box.y + box.height <= height, `${when}: ${selector} at ${JSON.stringify(box)} of ${height}`);
}

export function accessibleScenarios(scenario) {
  const sizes = [[390, 844], [768, 1024], [1280, 800]];
  for (const [width, height] of sizes) {
    for (const colorScheme of ["light", "dark"]) {
      scenario(`the shop's page, ${width} wide, ${colorScheme}`, async (visit) => {
        // axe-core is a script, which the page forbids.
        const v = await visit({ viewport: { width, height }, colorScheme, bypassCSP: true });
        await v.page.goto(teapots);
        await check(v, "before an answer");
        await inView(v, "text=Save choices", "before an answer");
        await v.page.locator("#functional").check();
        await v.submit("Save choices");
        await check(v, "after an answer");
        await inView(v, "#done", "after an answer");
        await v.submit("Buy it");
        await check(v, "after an order");
        await inView(v, "#done", "after an order");
        for (const summary of await v.page.locator("summary").all()) await summary.click();
        await check(v, "with everything open");
        await v.page.getByLabel("Name", { exact: true }).fill(`viewer-${width}-${colorScheme}`);
        await v.submit("Sign in");
        await check(v, "signed in");
        await inView(v, "#done", "signed in");
        await v.submit("Save choices");
        await check(v, "after an answer for the account");
        await v.submit("Have a worker remind me");
        await inView(v, "#done", "after a reminder");
        for (const summary of await v.page.locator("summary").all()) await summary.click();
        await check(v, "with the proofs open");
      });
    }
  }

  scenario("the shop without JavaScript", async (visit) => {
    const v = await visit({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
    await v.page.goto(teapots);
    await v.submit("Accept all");
    await v.submit("Buy it");
    assert.match(await v.page.locator("#done").innerText(), /Thank you.* got to 8 of 9 destinations/);
    await inView(v, "#done", "after an order");
    row("the shop without JavaScript", "-", "takes the answer and the order", "shows what became of both");
  });
}
