import assert from "node:assert/strict";
import { test } from "node:test";

import { CURVES, SCHEDULES, presetOf } from "../../js/curve_editor/presets.js";

const OTHER_INPUTS = { tau_unit: "steps", pivot_frame: 0, pivot_frames: "", hold_colours: 0 };

test("each whole schedule is known again by its values, and no two are the same", () => {
  for (const [name, { curve, ...values }] of Object.entries(SCHEDULES)) {
    assert.equal(presetOf(curve, { ...OTHER_INPUTS, ...values }), name);
    assert.equal(presetOf(curve, { ...OTHER_INPUTS, ...values, hold_colours: 1, pivot_frames: "0, -1" }), name);
  }
});

test("a schedule that differs in any value that a preset sets is none of them", () => {
  for (const { curve, ...values } of Object.values(SCHEDULES)) {
    const inputs = { ...OTHER_INPUTS, ...values };
    assert.equal(presetOf(CURVES.hold_ends, inputs), null);
    for (const name of Object.keys(values)) {
      const other = name === "anchor" ? "another" : 0.123;
      assert.equal(presetOf(curve, { ...inputs, [name]: other }), null, name);
    }
  }
});
