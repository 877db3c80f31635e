// The server writes, and the Consent Manager reads.
import assert from "node:assert/strict";
import { compare, row } from "./table.js";

export function serverScenarios(scenario) {
  const cases = [
    ["standard", [], 0],
    ["standard", ["functional"], 2],
    ["standard", ["advertising", "functional", "marketingAndAnalytics"], 7],
    ["custom", ["Statistics", "Chat"], 4],
    ["unicode", ["解析"], 2],
    ["named", ["advertising"], 2],
  ];
  for (const [profile, granted, count] of cases) {
    const title = `the server writes, ${profile}: ${granted.join(", ") || "nothing"}`;
    scenario(title, async (visit) => {
      const v = await visit();
      await v.fill(profile, granted);
      await v.open(`${profile}/cm`);
      assert.ok(!(await v.banner()), "the script has nothing to ask");
      const { loads } = await compare(v, profile, title);
      assert.equal(loads.length, count);
    });
  }

  scenario("the same bytes", async (visit) => {
    let compared = 0;
    const clicks = {
      standard: ["functional", "marketingAndAnalytics", "advertising"],
      custom: ["Statistics", "Ads & Friends", "Chat"],
      unicode: ["Werbung für Dich", "解析"],
    };
    const [script, server] = [await visit(), await visit()];
    for (const [profile, categories] of Object.entries(clicks)) {
      await server.context.clearCookies();
      for (let bits = 0; bits < 1 << categories.length; bits++) {
        const granted = categories.filter((_, i) => bits & (1 << i));
        await script.context.clearCookies();
        await script.open(`${profile}/cm`);
        await script.choose(Object.fromEntries(categories.map((name) => [name, granted.includes(name)])));
        await server.fill(profile, granted);
        assert.equal(await server.answer(), await script.answer(), `${profile}: ${granted}`);
        compared++;
      }
    }
    row("the same answer given to both", `${compared} cookies`, `${compared} cookies`, "equal, byte for byte");
  });

  scenario("in turn", async (visit) => {
    const v = await visit();
    const categories = ["functional", "marketingAndAnalytics", "advertising"];
    const seen = new Map(); // the bytes for each answer, whoever wrote them
    for (let turn = 0; turn < 20; turn++) {
      const granted = categories.filter((_, i) => (turn * 5 + 3) & (1 << i));
      if (turn % 2) {
        await v.fill("standard", granted);
        await v.open("standard/cm");
      } else {
        await v.open("standard/cm");
        await v.choose(Object.fromEntries(categories.map((name) => [name, granted.includes(name)])));
      }
      assert.equal(await v.banner(), false);
      const { allowed } = await v.decision("standard");
      const loads = (await v.loaded()) || {};
      for (const name of Object.keys(allowed)) assert.equal(Boolean(loads[name]), allowed[name], `turn ${turn}: ${name}`);
      const bytes = await v.answer(); // throws if there are two
      const key = granted.join();
      assert.equal(bytes, seen.get(key) ?? bytes, `turn ${turn}`);
      seen.set(key, bytes);
    }
    row("both edit in turn, 20 times", "10 answers", "10 answers", `equal, one cookie, ${seen.size} different answers`);
  });

  scenario("no JavaScript", async (visit) => {
    const v = await visit({ javaScriptEnabled: false });
    await v.fill("standard", ["functional"]);
    const boxes = await v.page.getByRole("checkbox").all();
    const checked = [];
    for (const box of boxes) if (await box.isChecked()) checked.push(await box.getAttribute("name"));
    assert.deepEqual(checked, ["category.functional"]);
    const answer = await v.answer();

    const w = await visit();
    await w.context.addCookies([{ name: "tracking-preferences", value: answer, domain: ".example.test", path: "/" }]);
    await w.open("standard/cm");
    assert.ok(!(await w.banner()));
    await compare(w, "standard", "the form without JavaScript, read by the script");
  });

  scenario("JSON", async (visit) => {
    const v = await visit();
    await v.open("standard/cm");
    await v.click("Allow all");
    const shown = await v.json("/standard/preferences", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ categories: { advertising: false } }),
    });
    assert.deepEqual(shown.categories, { advertising: false, functional: true, marketingAndAnalytics: true });
    await v.open("standard/cm");
    assert.ok(!(await v.banner()));
    const { loads } = await compare(v, "standard", "one category withdrawn, as JSON");
    assert.equal(loads.length, 5);

    await v.json("/standard/preferences", { method: "DELETE" });
    assert.equal(await v.answer(), null);
    await v.open("standard/cm");
    assert.ok(await v.banner(), "the script asks again");
    await compare(v, "standard", "the answer forgotten, by DELETE");
  });

  for (const [host, what] of [["evil.test", "another site"], ["sibling.example.test", "another host of the site"]]) {
    scenario(`a hostile page of ${what}`, async (visit) => {
      const v = await visit();
      await v.open("standard/cm");
      await v.click("Deny all");
      const before = await v.answer();
      await v.forget();
      await v.page.goto(`https://${host}/`);
      const answers = [];
      v.page.on("response", (r) => ["POST", "PUT"].includes(r.request().method()) && answers.push(r.status()));
      const statuses = await v.page.evaluate(async () => {
        const target = "https://shop.example.test/standard/preferences";
        const body = new URLSearchParams({ "category.advertising": "true" });
        const results = [];
        for (const init of [
          { method: "POST", mode: "no-cors", credentials: "include", body },
          { method: "POST", mode: "cors", credentials: "include", body },
          { method: "POST", mode: "no-cors", credentials: "include", body: body.toString() },
          { method: "PUT", credentials: "include", body },
        ]) {
          results.push(await fetch(target, init).then((r) => r.type, () => "refused"));
        }
        return results;
      });
      assert.deepEqual(statuses, ["opaque", "refused", "opaque", "refused"], "none can be read");
      // A form, as if the visitor had clicked it.
      const loaded = v.page.waitForEvent("load");
      await v.page.evaluate(() => {
        document.body.innerHTML = `<form method="post" action="https://shop.example.test/standard/preferences">
          <input name="category.advertising" value="true"></form>`;
        document.forms[0].submit();
      });
      await loaded;
      assert.deepEqual(answers, [403, 403, 403], "the two others are not shown, or not sent");
      assert.equal(await v.answer(), before);
      assert.deepEqual((await v.received()).events, []);
      row(`a hostile page of ${what} posts an answer`, "-", "403 each time", "answer unchanged, nothing sent");
    });
  }
}
