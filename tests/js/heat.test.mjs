/** The heat strip's columns. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { columns } from "../../js/curve_editor/heat.js";

test("no more columns than show the same as one for each step", () => {
  assert.deepEqual(columns([1, 1, 1, 0, 0, 0]), [1, 0]);
  assert.deepEqual(columns([1, 1, 1, 0, 0]), [1, 1, 1, 0, 0]); // 3 and 2 have no common width
  assert.deepEqual(columns([0.5, 0.5]), [0.5]);
  assert.deepEqual(columns([0, 0, 1, 1, 1, 1, 0, 0]), [0, 1, 1, 0]);
});

test("each step finds its value in the column that lies over it", () => {
  for (const count of [1, 2, 12, 20, 30, 81]) {
    for (let cut = 0; cut <= count; cut++) {
      const steps = Array.from({ length: count }, (_, step) => (step < cut ? 1 : 0));
      const shown = columns(steps);
      steps.forEach((value, step) => assert.equal(shown[Math.floor((step / count) * shown.length + 1e-9)], value));
    }
  }
});
