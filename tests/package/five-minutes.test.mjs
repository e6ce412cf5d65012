// The first example of README.md, pasted into a new Vite app and opened in two tabs.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, it } from "node:test";

import { examplesOf } from "../../scripts/lib/examples.mjs";
import { root } from "../../scripts/lib/paths.mjs";
import { launchChromium } from "../support/chromium.mjs";
import { makeStranger, tool } from "./stranger.mjs";

/** What `npm create vite@latest my-room -- --template vanilla` makes of it. */
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <title>my-room</title>
  </head>
  <body>
    <div id="app"></div>
    <script type="module" src="/src/main.js"></script>
  </body>
</html>
`;

let stranger;
let chromium;

before(async () => {
  stranger = await makeStranger({ tools: true });
  chromium = await launchChromium();
});

after(async () => {
  await chromium?.close();
  await stranger?.remove();
});

/** The first example below a heading. */
async function exampleBelow(heading) {
  const readme = await readFile(path.join(root, "README.md"), "utf8");
  const [, below] = readme.split(`\n## ${heading}\n`);
  return examplesOf(below)[0].text;
}

it("works in two tabs as it stands", async () => {
  await stranger.write("my-room/index.html", PAGE);
  await stranger.write("my-room/src/main.js", await exampleBelow("Five minutes with Vite"));
  const { createServer } = await tool("vite");
  const options = { root: path.join(stranger.folder, "my-room"), logLevel: "warn" };
  const vite = await createServer({ ...options, configFile: false, server: { port: 0 } });
  try {
    await vite.listen();
    await talkInTwoTabs(vite.resolvedUrls.local[0]);
  } finally {
    await vite.close();
  }
});

async function talkInTwoTabs(address) {
  const context = await chromium.newContext();
  const problems = [];
  const tabs = [];
  for (const _ of ["first", "second"]) {
    const tab = await context.newPage();
    tab.on("pageerror", (error) => problems.push(error.message));
    await tab.goto(address);
    await tab.locator("input").waitFor();
    tabs.push(tab);
  }
  const [first, second] = tabs;
  await first.locator("li", { hasText: /^tab \d+ is here$/ }).waitFor();

  await second.locator("input").fill("hello there");
  await second.locator("input").press("Enter");

  await second.locator("li", { hasText: "you: hello there" }).waitFor();
  await first.locator("li", { hasText: /^tab \d+: hello there$/ }).waitFor();
  await second.close();
  await first.locator("li", { hasText: /^tab \d+ has left$/ }).waitFor();
  assert.deepEqual(problems, []);
  await context.close();
}
