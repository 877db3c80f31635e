// Each scenario has a browser without a history, and one site between them.
import { after, before, test } from "node:test";
import { accountScenarios } from "./accounts.js";
import { accessibleScenarios } from "./accessible.js";
import { bannerScenarios } from "./banners.js";
import { minute, start } from "./harness.js";
import { crossSiteScenarios } from "./crosssite.js";
import { pageScenarios } from "./page.js";
import { scriptScenarios } from "./script.js";
import { serverScenarios } from "./server.js";
import { shopScenarios } from "./shop.js";
import { staleScenarios } from "./stale.js";
import { print } from "./table.js";
import { toolsScenarios } from "./tools.js";

let site;

before(async () => { site = await start(); });
after(async () => {
  await site?.stop();
  print();
});

function scenario(name, run) {
  test(name, { timeout: 10 * minute }, async () => {
    const visitors = [];
    try {
      await run(async (options) => {
        const visitor = await site.visit(options);
        visitors.push(visitor);
        return visitor;
      });
    } finally {
      for (const visitor of visitors) await visitor.close();
    }
  });
}

scriptScenarios(scenario);
serverScenarios(scenario);
pageScenarios(scenario);
staleScenarios(scenario);
crossSiteScenarios(scenario);
shopScenarios(scenario);
accountScenarios(scenario);
accessibleScenarios(scenario);
bannerScenarios(scenario);
toolsScenarios(scenario);
