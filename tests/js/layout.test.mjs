/** Places and axes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  MIN_HEIGHT,
  MIN_WIDTH,
  contains,
  fromPixelX,
  fromPixelY,
  layout,
  ticks,
  toPixelX,
  toPixelY,
} from "../../js/curve_editor/layout.js";

const SIZES = [
  [MIN_WIDTH, MIN_HEIGHT],
  [400, 500],
  [1200, 900],
];

test("the boxes lie below one another, within the widget, and none is flat", () => {
  for (const [width, height] of SIZES) {
    const { omega, tau, heat } = layout(width, height);
    const edges = [0, omega.top, omega.bottom, tau.top, tau.bottom, heat.top, heat.bottom, height];
    assert.deepEqual(
      edges,
      [...edges].sort((a, b) => a - b),
    );
    for (const { left, right, top, bottom } of [omega, tau, heat]) {
      assert.ok(left >= 0 && right <= width && right - left > 100 && bottom - top >= 28);
    }
  }
});

test("pixels and fractions are two ways to say one place", () => {
  const { omega } = layout(400, 500);
  for (const part of [0, 0.3, 1]) {
    assert.ok(Math.abs(fromPixelX(omega, toPixelX(omega, part)) - part) < 1e-9);
    assert.ok(Math.abs(fromPixelY(omega, toPixelY(omega, part)) - part) < 1e-9);
    assert.ok(contains(omega, toPixelX(omega, part), toPixelY(omega, part)));
  }
  assert.ok(!contains(omega, omega.left - 5, omega.top, 4));
});

test("an axis shows its first and last number and never two too close", () => {
  for (const count of [1, 2, 3, 16, 21, 81, 240, 1024]) {
    for (const pixels of [120, 300, 900]) {
      const numbers = ticks(count, pixels);
      assert.deepEqual([numbers[0], numbers[numbers.length - 1]], [1, count]);
      const spacing = pixels / Math.max(count - 1, 1);
      numbers.slice(1).forEach((number, i) => assert.ok((number - numbers[i]) * spacing >= 22));
    }
  }
});
