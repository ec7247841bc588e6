/** The curve's arithmetic. Python's side of the golden values: tests/core/test_curve_golden.py. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  PUBLISHED,
  beziers,
  flippedInTime,
  flippedUpsideDown,
  interpolator,
  limits,
  omegas,
  readCurve,
  toJson,
  withAdded,
  withMoved,
  withRemoved,
} from "../../js/curve_editor/curve.js";
import { CURVES as PRESETS } from "../../js/curve_editor/presets.js";

const GOLDEN = JSON.parse(readFileSync(new URL("../curve_golden.json", import.meta.url), "utf8"));
const CURVES = [PUBLISHED, ...Object.values(PRESETS), ...GOLDEN.map(({ curve }) => readCurve(curve))];

/** @param {number} value @param {number} expected @param {string} [message] */
const close = (value, expected, message) =>
  assert.ok(Math.abs(value - expected) < 1e-6, `${message ?? value}: ${expected}`);

test("the golden values", () => {
  for (const { curve, values } of GOLDEN) {
    for (const [frames, expected] of Object.entries(values)) {
      omegas(readCurve(curve), Number(frames)).forEach((omega, i) =>
        close(omega, expected[i], toJson(readCurve(curve))),
      );
    }
  }
});

test("a curve's Bézier segments lie on the curve and end at its points", () => {
  for (const curve of CURVES) {
    const at = interpolator(curve);
    beziers(curve).forEach(([first, second, end], i) => {
      const start = curve.points[i];
      assert.deepEqual(end, curve.points[i + 1]);
      if (end[0] - start[0] < 1e-6) return; // a step: upright
      for (const t of [0.1, 0.35, 0.5, 0.8]) {
        const [x, y] = [0, 1].map(
          (axis) =>
            (1 - t) ** 3 * start[axis] +
            3 * (1 - t) ** 2 * t * first[axis] +
            3 * (1 - t) * t ** 2 * second[axis] +
            t ** 3 * end[axis],
        );
        close(y, at(x), toJson(curve));
      }
    });
  }
});

test("what is stored is read again", () => {
  for (const curve of CURVES) assert.deepEqual(readCurve(toJson(curve)), curve);
  assert.equal(readCurve([[0, 0.5]]).interpolation, "monotone_cubic"); // as the host's own first form
  assert.deepEqual(readCurve("[[1, 0.2], [0, 0.4]]").points, [
    [0, 0.4],
    [1, 0.2],
  ]);
});

test("anything else is no curve", () => {
  const bad = [
    "",
    null,
    undefined,
    17,
    "a shopping list",
    [],
    [[0, 2]],
    [[0]],
    [[NaN, 0]],
    { points: [[0, 0]], interpolation: "steps" },
  ];
  for (const value of bad) assert.equal(readCurve(value), null);
});

test("a point moves between its neighbours and no further", () => {
  assert.deepEqual(limits(PUBLISHED, 1), [0, 1]);
  assert.deepEqual(withMoved(PUBLISHED, 1, 2, -1).points[1], [1, 0]);
  assert.deepEqual(withMoved(PUBLISHED, 0, 0.9, 1).points[0], [PUBLISHED.points[1][0], 1]);
});

test("points are added in order, and the last one stays", () => {
  const { curve, index } = withAdded(PUBLISHED, 0.25, 0.1);
  assert.equal(index, 1);
  assert.deepEqual(curve.points[1], [0.25, 0.1]);
  assert.deepEqual(withRemoved(curve, 1), PUBLISHED);
  const alone = readCurve([[0.5, 0.5]]);
  assert.equal(withRemoved(alone, 0), alone);
});

test("flipped twice is as before", () => {
  for (const flip of [flippedInTime, flippedUpsideDown]) {
    for (const curve of CURVES) {
      flip(flip(curve)).points.forEach(([x, y], i) => {
        close(x, curve.points[i][0]);
        close(y, curve.points[i][1]);
      });
    }
  }
});
