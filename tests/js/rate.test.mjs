// The rate that the demo shows beside a file on its way.

import assert from "node:assert/strict";
import { it } from "node:test";

import { Rate } from "../../www/rate.js";

it("is that of the last two seconds", () => {
  const rate = new Rate();
  for (let second = 0; second <= 10; second += 1) {
    rate.add(second * 1000, second * 5000);
  }
  assert.equal(rate.perSecond(10_000), 5000);
  rate.add(11_000, 60_000);
  rate.add(12_000, 70_000);
  assert.equal(rate.perSecond(12_000), 10_000);
});

it("is nothing before the second report, and soon after the last", () => {
  const rate = new Rate();
  assert.equal(rate.perSecond(0), 0);
  rate.add(0, 1000);
  assert.equal(rate.perSecond(0), 0);
  rate.add(100, 2000);
  assert.equal(rate.perSecond(100), 10_000);
  assert.equal(rate.perSecond(5000), 0);
  rate.add(5000, 3000);
  assert.ok(rate.perSecond(5100) < 1000, "the pause counts");
});
