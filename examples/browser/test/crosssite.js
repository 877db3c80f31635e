// Requests that other sites make, from which the browser keeps cookies.
import assert from "node:assert/strict";
import { row } from "./table.js";

const shop = "https://shop.example.test";

// arrive has the visitor come from a page of another host, by a form or a link, and
// returns how many destinations the server allows.
async function arrive(v, host, how, profile) {
  await v.page.goto(`https://${host}/`);
  const loaded = v.page.waitForEvent("load");
  await v.page.evaluate(([how, target]) => {
    document.body.innerHTML = how === "form"
      ? `<form method="post" action="${target}"><button>Pay</button></form>`
      : `<a href="${target}">Teapots</a>`;
    document.querySelector("button, a").click();
  }, [how, `${shop}/${profile}/decision`]);
  await loaded;
  assert.equal(v.page.url(), `${shop}/${profile}/decision`);
  return allowed(JSON.parse(await v.page.innerText("body")));
}

const allowed = (decision) => Object.values(decision.allowed).filter(Boolean).length;

export function crossSiteScenarios(scenario) {
  // What is allowed of 7 under opt-out law to who has not answered, and to who denied.
  for (const [title, profile, host, how, open] of [
    ["another site posts the visitor back", "optout", "evil.test", "form", 0],
    ["a link of another site", "optout", "evil.test", "link", 7],
    ["another host of the site posts the visitor back", "optout", "sibling.example.test", "form", 7],
    ["a link of another site, a Strict cookie", "strict", "evil.test", "link", 0],
    ["another site posts the visitor back, a Strict cookie", "strict", "evil.test", "form", 0],
    ["a link of another host of the site, a Strict cookie", "strict", "sibling.example.test", "link", 7],
  ]) {
    scenario(title, async (visit) => {
      const v = await visit();
      assert.equal(await arrive(v, host, how, profile), open, "no answer");
      await v.page.goto(`${shop}/${profile}/decision`);
      assert.equal(allowed(JSON.parse(await v.page.innerText("body"))), 7, "typed into the address bar");
      await v.fill(profile, []);
      assert.equal(await arrive(v, host, how, profile), 0, "denied");
      row(title, "-", `allows ${open} of 7 without an answer`, "and none once everything is denied");
    });
  }

  scenario("a frame in another site", async (visit) => {
    const v = await visit();
    await v.page.goto("https://evil.test/");
    await v.page.evaluate((src) => new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.onload = resolve;
      frame.src = src;
      document.body.append(frame);
    }), `${shop}/optout/decision`);
    const frame = v.page.frames().find((f) => f.url().startsWith(shop));
    assert.equal(allowed(JSON.parse(await frame.innerText("body"))), 0);
    // What that page asks for itself looks like a request of the shop, without its cookies.
    await v.fill("optout", []);
    await v.page.goto("https://evil.test/");
    await v.page.evaluate((src) => new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.onload = resolve;
      frame.src = src;
      document.body.append(frame);
    }), `${shop}/optout/form`);
    const own = v.page.frames().find((f) => f.url().startsWith(shop));
    const ask = (init) => own.evaluate(async (init) => (await fetch("/optout/decision", init)).json(), init);
    assert.equal(allowed(await ask({})), 7, "which is why a page that tracks says who may frame it");
    assert.equal(allowed(await ask({ credentials: "include" })), 0, "but some are marked");
    await own.evaluate(() => { document.forms[0].action = "/optout/decision"; document.forms[0].submit(); });
    await own.waitForURL("**/decision");
    assert.equal(allowed(JSON.parse(await own.innerText("body"))), 0, "as forms are");
    row("a frame in another site", "-", "allows 0 of 7", "closed");
  });
}
