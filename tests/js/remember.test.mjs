/** What is remembered and what is worked out again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isSame, remember } from "../../js/curve_editor/remember.js";

test("equal arguments give the very answer of before", () => {
  let times = 0;
  const pair = remember((/** @type {unknown} */ a, /** @type {unknown} */ b) => {
    times++;
    return [a, b];
  });
  const list = [1];
  assert.equal(pair(list, NaN), pair(list, NaN));
  assert.equal(times, 1);
  assert.notEqual(pair([1], NaN), pair(list, NaN)); // another list, though it reads the same
  assert.equal(times, 3);
});

test("lists are the same if each of their things is", () => {
  assert.ok(isSame([], []));
  assert.ok(!isSame([1], [1, 2]));
  assert.ok(!isSame(undefined, []));
});
