/**
 * What a key does to the handle that has the focus.
 *
 * @typedef {import("./editor.js").Editor} Editor
 */

import { pointIndex } from "./handles.js";

const STEP = 0.01; // of an axis, for each press of an arrow
const FINE = 0.1; // times that with Alt
const COARSE = 10; // times that with Shift

/** @param {Editor} editor @param {string} key of the handle @param {KeyboardEvent} event @returns {(() => void) | undefined} */
export function actionOf(editor, key, event) {
  const factor = (event.shiftKey ? COARSE : 1) * (event.altKey ? FINE : 1);
  return (pointIndex(key) >= 0 ? onPoint(editor, key, factor) : onTau(editor, key, factor))[event.key];
}

/** A point moves by whole frames. @param {Editor} editor @param {string} key @param {number} factor @returns {Record<string, () => void>} */
function onPoint(editor, key, factor) {
  const dx = factor / Math.max(editor.state.frames.count - 1, 1);
  const dy = factor * STEP;
  return {
    ArrowLeft: () => editor.nudge(key, -dx, 0),
    ArrowRight: () => editor.nudge(key, dx, 0),
    ArrowDown: () => editor.nudge(key, 0, -dy),
    ArrowUp: () => editor.nudge(key, 0, dy),
    Home: () => editor.toLimit(key, "left"),
    End: () => editor.toLimit(key, "right"),
    PageUp: () => editor.toLimit(key, "top"),
    PageDown: () => editor.toLimit(key, "bottom"),
    Insert: () => editor.addAfter(key),
    Delete: () => editor.remove(key),
    Backspace: () => editor.remove(key),
  };
}

/** A slider answers to all four arrows; along τ, up is later. @param {Editor} editor @param {string} key @param {number} factor @returns {Record<string, () => void>} */
function onTau(editor, key, factor) {
  // The falling edge's ramp grows to the left.
  const direction = key === "tau_ramp" && editor.state.inputs.tau_end < 1 ? -1 : 1;
  const by = factor * STEP * direction;
  /** @param {number} change */
  const nudge = (change) => (key === "strength" ? editor.nudge(key, 0, change) : editor.nudge(key, change, 0));
  return {
    ArrowLeft: () => nudge(-by),
    ArrowDown: () => nudge(-by),
    ArrowRight: () => nudge(by),
    ArrowUp: () => nudge(by),
    Home: () => editor.setTau(key, 0),
    End: () => editor.setTau(key, 1),
    Delete: () => {},
    Backspace: () => {},
  };
}
