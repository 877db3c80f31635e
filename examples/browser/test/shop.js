// The shop of examples/shop, on another host of the same site: it reads and writes the
// same cookie, and has no script.
import assert from "node:assert/strict";
import { compare, row } from "./table.js";

const teapots = "https://teapots.example.test/";

// buy places an order and returns the destinations that got anything.
async function buy(v) {
  await v.page.goto(teapots);
  await v.submit("Forget my events");
  await v.submit("Buy it");
  await v.page.goto(teapots + "deliveries");
  const { destinations } = JSON.parse(await v.page.locator("body").innerText());
  return Object.keys(destinations).filter((name) => destinations[name] > 0).sort();
}

export function shopScenarios(scenario) {
  const cases = [
    ["accepted", { functional: true, marketingAndAnalytics: true, advertising: true }, ["Amplitude", "HubSpot", "Intercom", "Webhooks"]],
    ["mixed", { functional: true, marketingAndAnalytics: false, advertising: true }, ["Intercom", "Webhooks"]],
    ["denied", { functional: false, marketingAndAnalytics: false, advertising: false }, ["Webhooks"]],
  ];
  for (const [what, answers, expected] of cases) {
    scenario(`the shop, ${what} in the script`, async (visit) => {
      const v = await visit();
      await v.open("standard/cm");
      await v.choose(answers);
      const loads = Object.entries((await v.loaded()) || {}).filter(([name, open]) => open && name !== "Segment.io");
      // The shop has destinations that the script did not ask about, and a webhook
      // that it needs to deliver.
      const reached = await buy(v);
      assert.deepEqual(reached, expected);
      row(`the shop's order, ${what} in the script`, `loads ${loads.length} of 7`, `reaches ${reached.join(", ")}`,
        "what both know, and what is strictly necessary");
    });
  }

  scenario("the shop's own form", async (visit) => {
    const v = await visit();
    await v.open("standard/cm");
    await v.choose({ functional: true, marketingAndAnalytics: true, advertising: true });
    await v.page.goto(teapots);
    await v.submit("Reject all");
    assert.deepEqual(await buy(v), ["Webhooks"]);
    await v.answer(); // throws if there are two
    await v.open("standard/cm");
    await compare(v, "standard", "rejected in the shop, read by the script");
  });
}
