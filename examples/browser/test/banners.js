// The banners that npm has, and what the server reads of them.
import assert from "node:assert/strict";
import { minute } from "./harness.js";
import { row } from "./table.js";

const host = "https://banners.example.test/";

// What each banner's server reads after each thing that a visitor does. What is not there
// is no answer.
const services = (granted) => ({ session: true, matomo: granted, youtube: granted });
const purposes = (granted) => ({ essential: true, matomo: granted, youtube: granted });
const categories = (granted) => ({ necessary: true, analytics: granted, ads: granted });
const banners = {
  klaro: {
    accept: services(true), reject: services(false), some: { session: true, matomo: true, youtube: false },
  },
  "klaro-storage": {
    accept: services(true), reject: services(false), some: { session: true, matomo: true, youtube: false },
  },
  orejime: {
    accept: purposes(true), reject: purposes(false), some: { essential: true, matomo: true, youtube: false },
  },
  orestbida3: {
    accept: categories(true), reject: categories(false), some: { necessary: true, analytics: true, ads: false },
    destinations: {
      accept: { "Google Analytics": true, Hotjar: true }, reject: { "Google Analytics": false, Hotjar: false },
      some: { "Google Analytics": true, Hotjar: true },
    },
  },
  "orestbida-storage": {
    accept: categories(true), reject: categories(false), some: { necessary: true, analytics: true, ads: false },
  },
  orestbida2: {
    accept: categories(true), reject: categories(false), some: { necessary: true, analytics: true, ads: false },
  },
  tarteaucitron: {
    accept: { one: true, two: true }, reject: { one: false, two: false }, some: { one: true, two: false },
  },
};

async function open(v, name, query = "") {
  await v.page.goto(host + name + query, { waitUntil: "networkidle" });
}

const read = (v, name) => v.json(`/${name}/answer`);

async function act(v, what) {
  const selector = await v.page.evaluate((what) => window.buttons[what], what);
  if (selector) await v.page.locator(selector).first().click();
  else await v.page.evaluate((what) => window[what](), what);
}

export function bannerScenarios(scenario) {
  for (const [name, { destinations = {}, ...answers }] of Object.entries(banners)) {
    scenario(`a banner, ${name}`, async (visit) => {
      for (const what of ["accept", "reject", "some"]) {
        const v = await visit();
        await open(v, name);
        assert.ok(await v.page.evaluate(() => window.asks()), "the banner asks");
        const untouched = await read(v, name);
        assert.deepEqual([untouched.answered, untouched.error], [false, "<nil>"], "untouched");

        await act(v, what);
        await expect(v, name, answers[what], destinations[what], what);
        await open(v, name); // and on the next page
        assert.ok(!(await v.page.evaluate(() => window.asks())), "the banner has nothing to ask");
        await expect(v, name, answers[what], destinations[what], `${what}, on the next page`);

        if (what !== "some") { // and changed
          await v.page.evaluate(() => window.some());
          await expect(v, name, answers.some, destinations.some, `${what}, and changed`);
        }
      }
      row(`the banner ${name}`, "accepts, rejects, changes", "reads the same", "equal");
    });
  }

  // The one service of a category that the visitor accepted opens no other.
  scenario("a banner, one service", async (visit) => {
    const v = await visit();
    await open(v, "orestbida3");
    await v.page.evaluate(() => window.service());
    await expect(v, "orestbida3", { necessary: true, analytics: true, ads: false }, { "Google Analytics": true, Hotjar: false }, "one service");
  });

  // The site has grown since: every banner asks again, and the server forgets what was
  // granted, and not what was denied.
  for (const name of ["klaro", "orejime", "orestbida3", "orestbida2"]) {
    scenario(`a banner that asks again, ${name}`, async (visit) => {
      for (const what of ["accept", "reject"]) {
        const v = await visit();
        await open(v, name);
        await act(v, what);
        const answers = banners[name][what];
        await expect(v, name, answers, banners[name].destinations?.[what], what);
        await open(v, name, "?grown");
        assert.ok(await v.page.evaluate(() => window.asks()), "the banner asks again");
        const { categories, error } = await v.json(`/${name}/grown/answer`);
        const denied = Object.fromEntries(Object.entries(answers).filter(([, granted]) => !granted));
        assert.deepEqual([error, categories], ["<nil>", denied], what);
      }
      row(`the banner ${name}, when the site has grown`, "asks again", "keeps the denials", "equal");
    });
  }
}

// expect waits for an answer: some banners write it a moment after the click.
async function expect(v, name, categories, destinations = {}, what) {
  let got;
  for (const start = Date.now(); Date.now() < start + minute;) {
    got = await read(v, name);
    try {
      assert.deepEqual(got.categories, categories);
      break;
    } catch {
      await v.page.waitForTimeout(50);
    }
  }
  assert.deepEqual([got.error, got.answered], ["<nil>", true], `${name}, ${what}`);
  assert.deepEqual(got.categories, categories, `${name}, ${what}`);
  assert.deepEqual(got.destinations, destinations, `${name}, ${what}`);
}
