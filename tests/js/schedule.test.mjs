/** τ, λ and pivots. Python's side of the golden values: tests/core/test_golden.py. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { PUBLISHED, omegas } from "../../js/curve_editor/curve.js";
import {
  frameHolds,
  outline,
  pivotsOf,
  problemOf,
  rampAt,
  rampPosition,
  readPivots,
  rectifiedSteps,
  strengths,
} from "../../js/curve_editor/schedule.js";

const TAU = { tau_start: 0, tau_end: 0.6, strength: 1, tau_ramp: 0 };
const INPUTS = { ...TAU, tau_unit: "steps", pivot_frame: 0, pivot_frames: "", motion_compensation: 0, hold_colours: 0 };

const GOLDEN = JSON.parse(readFileSync(new URL("../schedule_golden.json", import.meta.url), "utf8"));

/** @param {readonly number[]} values @param {readonly number[]} expected @param {string} message */
const close = (values, expected, message) => {
  assert.equal(values.length, expected.length, message);
  values.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-6, `${message}: ${value}, ${expected[i]}`));
};

test("the golden values: λ of each step, pivots as text, how each frame is held", () => {
  for (const { inputs, steps, frames, strengths: expected, pivots, holds } of GOLDEN) {
    const said = JSON.stringify(inputs);
    close(strengths(inputs, steps), expected, said);
    assert.deepEqual(pivotsOf(inputs.pivot_frame, inputs.pivot_frames, frames), { pivots, bad: null }, said);
    close(frameHolds(omegas(PUBLISHED, frames), pivots), holds, said);
  }
});

test("λ is on inside τ and off outside", () => {
  assert.deepEqual(strengths(TAU, 5), [1, 1, 1, 0, 0]);
  assert.deepEqual(strengths({ ...TAU, tau_start: 0.2, strength: 0.5 }, 5), [0, 0.5, 0.5, 0, 0]);
  assert.deepEqual(strengths({ ...TAU, tau_start: 0.8, tau_end: 0.4 }, 5), [0, 0, 0, 0, 0]);
});

test("the steps that are rectified", () => {
  assert.deepEqual(rectifiedSteps([0, 0.5, 1, 0]), { first: 2, last: 3 });
  assert.equal(rectifiedSteps([0, 0]), null);
});

test("a ramp is where its handle stands", () => {
  for (const tau of [TAU, { ...TAU, tau_start: 0.3, tau_end: 1 }]) {
    for (const tau_ramp of [0, 0.1, 0.25]) {
      assert.ok(Math.abs(rampAt(tau, rampPosition({ ...tau, tau_ramp })) - tau_ramp) < 1e-9);
    }
  }
  assert.equal(rampPosition({ ...TAU, tau_end: 1 }), null); // no edge to soften
});

test("the outline spans τ, and there is none where τ ends before it starts", () => {
  assert.deepEqual(outline(TAU), [
    [0, 0],
    [0, 1],
    [0.6, 1],
    [0.6, 0],
  ]);
  assert.deepEqual(outline({ ...TAU, tau_start: 0.7 }), []);
});

test("pivots are read as Python reads them", () => {
  assert.deepEqual(readPivots("0, 8; -1 +3"), [0, 8, -1, 3]);
  assert.deepEqual(readPivots(" , "), []);
  for (const bad of ["first", "1.5", "0, x", "--1"]) assert.equal(readPivots(bad), null);
});

test("pivots count from either end, each once and in order", () => {
  assert.deepEqual(pivotsOf(0, "", 16), { pivots: [0], bad: null });
  assert.deepEqual(pivotsOf(-1, "", 16).pivots, [15]);
  assert.deepEqual(pivotsOf(3, "-1, 8, 0, 15", 16).pivots, [0, 8, 15]);
  assert.deepEqual(pivotsOf(16, "", 16), { pivots: [], bad: { input: "pivot_frame", pivot: 16 } });
  assert.deepEqual(pivotsOf(0, "2, -17", 16), { pivots: [2], bad: { input: "pivot_frames", pivot: -17 } });
});

test("a pivot is held fully whatever its ω", () => {
  assert.deepEqual(frameHolds([1, 0.75, 0], [0]), [1, 0.25, 1]);
});

test("what keeps a schedule from running is named, and a pivot only where a length is known", () => {
  assert.equal(problemOf(INPUTS, [21, 9]), null);
  assert.equal(problemOf({ ...INPUTS, tau_start: 0.7 }, [])?.key, "problem_tau");
  assert.equal(problemOf({ ...INPUTS, pivot_frames: "last" }, [])?.key, "problem_pivot_frames");
  assert.equal(problemOf({ ...INPUTS, pivot_frame: 15 }, []), null);
  assert.deepEqual(problemOf({ ...INPUTS, pivot_frame: 15 }, [21, 9]), {
    key: "problem_pivot",
    values: { input: "pivot_frame", pivot: 15, frames: 9 },
  });
});
