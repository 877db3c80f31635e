// The shop's accounts: two browsers of one person, and a worker that has no browser.
import assert from "node:assert/strict";
import { row } from "./table.js";

const teapots = "https://teapots.example.test/";
const everyone = ["Amplitude", "Facebook Conversions API (Actions)", "Google Ads Conversions", "HubSpot", "Intercom",
  "Mixpanel (Actions)", "Warehouses", "Webhooks"];
const necessary = ["Webhooks"];

// Each scenario has an account of its own.
let accounts = 0;
const newAccount = () => `person-${++accounts}`;

async function signIn(v, name) {
  await v.page.goto(teapots);
  await v.page.getByLabel("Name", { exact: true }).fill(name);
  await v.submit("Sign in");
}

// reached returns the destinations that get what a button causes.
async function reached(v, button) {
  await v.page.goto(teapots);
  await v.submit("Forget my events");
  await v.submit(button);
  await v.page.goto(teapots + "deliveries");
  const { destinations } = JSON.parse(await v.page.locator("body").innerText());
  return Object.keys(destinations).filter((name) => destinations[name] > 0).sort();
}

async function answer(v, button) {
  await v.page.goto(teapots);
  assert.ok(await v.page.getByLabel("Answer for every device").isChecked());
  await v.submit(button);
}

const order = (v) => reached(v, "Buy it");
const work = (v) => reached(v, "Have a worker remind me");

export function accountScenarios(scenario) {
  scenario("two browsers and a worker", async (visit) => {
    const [phone, laptop] = [await visit(), await visit()];
    await phone.page.goto(teapots);
    await phone.submit("Reject all"); // for this device, before anybody signs in
    const before = await phone.answer();
    const name = newAccount();
    await signIn(phone, name);
    await signIn(laptop, name);
    assert.deepEqual(await work(laptop), necessary, "nobody has answered for the account");

    await answer(phone, "Accept all");
    assert.notEqual(await phone.answer(), before);
    assert.deepEqual(await order(laptop), everyone, "with its next request");
    assert.equal(await laptop.answer(), null, "it has no answer of its own");
    assert.deepEqual(await order(phone), everyone);
    assert.deepEqual(await work(laptop), everyone);

    // A page of the phone that is open already, when the laptop withdraws.
    await phone.page.goto(teapots);
    await answer(laptop, "Reject all");
    await phone.submit("Buy it");
    assert.match(await phone.page.locator("#done").innerText(), /got to 1 of 9 destinations: Webhooks/);
    await phone.submit("Have a worker remind me");
    assert.match(await phone.page.locator("#done").innerText(), /got to 1 of 9 destinations: Webhooks/);
    for (const v of [phone, laptop]) {
      assert.deepEqual(await order(v), necessary);
      assert.deepEqual(await work(v), necessary);
    }

    await answer(laptop, "Accept all");
    assert.deepEqual(await order(phone), everyone);
    await phone.page.goto(teapots);
    await phone.submit("Sign out");
    assert.equal(await phone.answer(), before, "what the device itself answered, for scripts as well");
    assert.deepEqual(await order(phone), necessary);
    assert.deepEqual(await order(laptop), everyone, "where the account is signed in still");
    assert.deepEqual(await work(laptop), everyone);
    row("two browsers of one account, and a worker", "-", "all go by the answer of either", "at once; signing out restores the device");
  });

  scenario("the proof and the record", async (visit) => {
    const v = await visit();
    const name = newAccount();
    await signIn(v, name);
    await answer(v, "Accept all");
    await v.submit("Have a worker remind me");
    await v.page.getByText("Proof: whose answer counted").first().click();
    const proof = v.page.locator(".proof").first();
    assert.match(await proof.innerText(), /nobody is there to ask: the answer of the account[^]*answer for the account, by “accept”/);
    const number = /Record (\d+)/.exec(await proof.innerText())[1];
    await proof.getByRole("link").click();
    const { rule, records, verdicts, policy } = JSON.parse(await v.page.locator("body").innerText());
    assert.equal(rule, "nobody is there to ask: the answer of the account");
    assert.deepEqual(records.map((r) => String(r.number)), [number]);
    assert.equal(records[0].policySha256, policy.sha256);
    assert.deepEqual(verdicts.filter((d) => d.allowed).map((d) => d.destination).sort(), everyone);

    await v.page.goto(teapots);
    await v.page.getByRole("link", { name: "See your record" }).click();
    assert.match(await v.page.locator("body").innerText(), new RegExp(`your account, on every device[^]*${name}`));
    await v.page.goto(teapots);
    await v.submit("Erase your record");
    assert.match(await v.page.locator("#done").innerText(), /is erased/);
    assert.equal(await v.answer(), null);
    await signIn(v, name);
    await v.page.getByRole("link", { name: "See your record" }).click();
    assert.doesNotMatch(await v.page.locator("body").innerText(), /every device/);
    assert.deepEqual(await work(v), necessary);
  });
}
