// The sites, the browser, and a visitor in it.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

export const shop = "https://shop.example.test";

export const minute = 60000;

// start builds and starts the sites, and opens a browser that takes every host for them.
export async function start() {
  const scratch = mkdtempSync(path.join(tmpdir(), "browser-"));
  const [shop, site] = ["shop", "browser"].map((name) => path.join(scratch, name));
  execFileSync("go", ["build", "-o", shop, "../shop"], { cwd: root, stdio: "inherit" });
  execFileSync("go", ["build", "-o", site, "."], { cwd: root, stdio: "inherit" });
  const running = [];
  const run = (program, ...args) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    running.push(child);
    return firstLine(child.stdout);
  };
  const stop = () => {
    for (const child of running) child.kill();
    rmSync(scratch, { recursive: true });
  };
  try {
    const [teapots] = (await run(shop, "-addr", "127.0.0.1:0", "-host", "teapots.example.test")).match(/http:\S+/);
    return await open(JSON.parse(await run(site, "-shop", teapots)), stop);
  } catch (err) {
    stop();
    throw err;
  }
}

async function open({ web, api }, stop) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    ignoreDefaultArgs: ["--disable-back-forward-cache"], // visitors have it
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      // Every host is this machine, whose certificate nobody has signed.
      `--host-resolver-rules=MAP * ${web}`, "--ignore-certificate-errors"],
  });
  return {
    api,
    visit: (options) => visit(browser, api, options),
    stop: async () => {
      await browser.close();
      stop();
    },
  };
}

function firstLine(stream) {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stream });
    lines.once("line", resolve);
    lines.once("close", () => reject(new Error("the program did not start")));
  });
}

// visit opens a browser without a history.
async function visit(browser, api, options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  context.setDefaultTimeout(2 * minute); // on a busy machine
  const page = await context.newPage();
  return new Visitor(context, page, api);
}

class Visitor {
  constructor(context, page, api) {
    Object.assign(this, { context, page, api });
  }

  // open goes to a page of the shop and waits until its scripts are done.
  async open(where, options) {
    const query = options ? "?options=" + encodeURIComponent(JSON.stringify(options)) : "";
    await this.page.goto(`${shop}/${where}${query}`, { waitUntil: "networkidle" });
  }

  async click(name) {
    await this.page.getByRole("button", { name, exact: true }).click();
    await this.page.waitForLoadState("networkidle");
  }

  // submit clicks a button that leads to another page.
  async submit(name) {
    const loaded = this.page.waitForEvent("load");
    await this.page.getByRole("button", { name, exact: true }).click();
    await loaded;
  }

  // fill answers on the server's form: the categories that are granted.
  async fill(profile, granted) {
    await this.page.goto(`${shop}/${profile}/form`);
    for (const box of await this.page.getByRole("checkbox").all()) {
      await box.setChecked(granted.includes((await box.getAttribute("name")).slice("category.".length)));
    }
    await this.submit("Save");
  }

  banner() {
    return this.page.getByText("We use cookies.").isVisible();
  }

  // choose answers in the Consent Manager's dialog, in the order of the answers.
  async choose(answers) {
    if (!(await this.page.getByRole("dialog").isVisible())) {
      await this.page.evaluate(() => window.consentManager.openConsentManager());
    }
    for (const [category, granted] of Object.entries(answers)) {
      await this.page.locator(`input[name="${category}"][value="${granted}"]`).check();
    }
    // Where analytics.js runs already, the Consent Manager loads the page anew.
    const runs = await this.page.evaluate(() => Boolean(window.analytics.initialized));
    const reloaded = runs && this.page.waitForEvent("load");
    await this.page.getByRole("button", { name: "Save", exact: true }).click();
    await reloaded;
    // On a busy machine the browser may miss that the network became idle when a page was replaced.
    await this.page.waitForLoadState("networkidle", { timeout: minute / 2 }).catch(() => {});
  }

  // loaded returns what the Consent Manager loaded analytics.js with, or null.
  loaded() {
    return this.page.evaluate(() => {
      const [last] = window.asked.load.slice(-1);
      return last ? last[1].integrations : null;
    });
  }

  decision(profile) {
    return this.json(`/${profile}/decision`);
  }

  track(profile) {
    return this.json(`/${profile}/track`, { method: "POST" });
  }

  // json asks the server with the cookies of the visitor.
  json(where, init) {
    return this.page.evaluate(async ([where, init]) => (await fetch(where, init)).json(), [where, init]);
  }

  // cookies returns the visitor's cookies of the shop by name; of two with one name, both.
  async cookies() {
    const byName = {};
    for (const cookie of await this.context.cookies(shop)) {
      (byName[cookie.name] ||= []).push(cookie);
    }
    return byName;
  }

  // answer returns the bytes of the visitor's answer.
  async answer(name = "tracking-preferences") {
    const found = (await this.cookies())[name] || [];
    if (found.length > 1) throw new Error(`${found.length} cookies ${name}`);
    return found.length ? found[0].value : null;
  }

  // received returns what Segment has received, once it is as expected.
  async received(expected = () => true) {
    for (;;) { // the test has a limit
      const received = await (await fetch(this.api + "/received")).json();
      if (expected(received)) return received;
      await this.page.waitForTimeout(50);
    }
  }

  async forget() {
    await fetch(this.api + "/reset", { method: "POST" });
  }

  close() {
    return this.context.close();
  }
}
