// npm test: every check and every test; `--only NAME[,NAME]` runs some groups. Its last line is
// `N passed, N failed, N skipped`.

import { add, none } from "./lib/counts.mjs";
import { Failure, main, note, step } from "./lib/log.mjs";
import { checkTools, ensureNodeModules } from "./lib/prerequisites.mjs";
import { allSteps } from "./lib/steps.mjs";
import { Workshop } from "./lib/workshop.mjs";

await main(async () => {
  const steps = selected(process.argv.slice(2));
  checkTools();
  await ensureNodeModules();

  const workshop = new Workshop();
  const results = [];
  for (const one of steps) {
    results.push(await perform(one, workshop));
  }
  report(results);
});

function selected(args) {
  const steps = allSteps();
  const groups = [...new Set(steps.map((one) => one.group))];
  const only = groupsOf(args);
  const unknown = only.find((name) => !groups.includes(name));
  if (unknown !== undefined) {
    throw new Failure(`no tests are called ${unknown}; there are: ${groups.join(", ")}`, {
      exitCode: 2,
    });
  }
  return only.length === 0 ? steps : steps.filter((one) => only.includes(one.group));
}

function groupsOf(args) {
  const [flag, names, ...rest] = args;
  if (flag === undefined) {
    return [];
  }
  if (flag !== "--only" || names === undefined || rest.length > 0) {
    throw new Failure("usage: npm test [-- --only NAME[,NAME]]", { exitCode: 2 });
  }
  return names.split(",");
}

async function perform(one, workshop) {
  const title = `${one.group}: ${one.name}`;
  const begin = performance.now();
  step(title);
  const counts = await attempt(one, workshop);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  note(`${counts.failed > 0 ? "FAILED" : "ok"}, ${seconds} s`);
  return { title, seconds, counts };
}

async function attempt(one, workshop) {
  try {
    return await one.run(workshop);
  } catch (error) {
    const reason = error instanceof Failure ? error.message : error.stack;
    console.error(reason);
    return { ...none(), failed: 1, reason };
  }
}

function report(results) {
  step("summary");
  for (const { title, seconds, counts } of results) {
    const failed = counts.failed > 0 ? `  FAILED: ${counts.failed}, ${counts.reason}` : "";
    note(`${seconds.padStart(7)} s  ${title}${failed}`);
  }
  const { passed, failed, skipped } = results.map(({ counts }) => counts).reduce(add, none());
  process.exitCode = failed > 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
}
