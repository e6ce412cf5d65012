// npm run docs: writes the reference of the package's interface to target/api.

import { makeApiDocs } from "./lib/api-docs.mjs";
import { Failure, main } from "./lib/log.mjs";

await main(async () => {
  const { code } = await makeApiDocs();
  if (code !== 0) {
    throw new Failure("see above");
  }
});
