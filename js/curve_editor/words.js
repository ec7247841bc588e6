/**
 * What the editor says: under the pointer, at the focused handle, and to a screen reader.
 *
 * @typedef {import("./editor.js").State} State
 * @typedef {{box: "omega" | "tau" | "heat", x: number, y: number}} Place  x and y in [0, 1] of the box
 */

import { clamp } from "./curve.js";
import { rectifiedSteps } from "./schedule.js";
import { text } from "./texts.js";

/** @param {number} value */
const twoDecimals = (value) => value.toFixed(2);
/** @param {number} value */
const percent = (value) => `${Math.round(value * 1000) / 10} %`;

/** The frame at x, counted from 1; between frames with one decimal. @param {number} x @param {number} frames */
function frameNumber(x, frames) {
  const frame = x * Math.max(frames - 1, 0) + 1;
  return Math.abs(frame - Math.round(frame)) < 0.05 ? Math.round(frame) : frame.toFixed(1);
}

/** What lies under the pointer. @param {State} state @param {Place} place */
export function wordsAt(state, { box, x, y }) {
  const frames = state.frames.count;
  const steps = state.steps.count;
  const step = clamp(Math.floor(x * steps), 0, steps - 1);
  if (box === "tau") return text("readout_step", { step: step + 1, steps, strength: twoDecimals(state.strengths[step]) });
  if (state.linked.omega) return text("linked");
  if (box === "heat") {
    const frame = clamp(Math.floor((1 - y) * frames), 0, frames - 1);
    const hold = state.holds[frame] * state.strengths[step];
    return text("readout_hold", { frame: frame + 1, step: step + 1, hold: twoDecimals(hold) });
  }
  const frame = clamp(Math.round(x * (frames - 1)), 0, frames - 1);
  return text("readout_frame", { frame: frame + 1, frames, omega: twoDecimals(state.omegas[frame]) });
}

/** Where a handle stands. @param {State} state @param {string} key */
export function wordsOf(state, key) {
  const { tau } = state;
  if (key === "tau_start" || key === "tau_end") {
    return text(key === "tau_start" ? "value_tau_start" : "value_tau_end", { percent: percent(tau[key]), steps: tauWords(state) });
  }
  if (key === "strength") return text("value_strength", { strength: twoDecimals(tau.strength) });
  if (key === "tau_ramp") return text("value_tau_ramp", { percent: percent(tau.tau_ramp) });
  const [x, y] = state.curve.points[pointIndex(key)] ?? state.curve.points[0];
  return text("readout_frame", {
    frame: frameNumber(x, state.frames.count),
    frames: state.frames.count,
    omega: twoDecimals(y),
  });
}

/** A handle's name. @param {State} state @param {string} key */
export function nameOf(state, key) {
  const index = pointIndex(key);
  if (index < 0) return text(`name_${key}`);
  return text("name_point", { point: index + 1, points: state.curve.points.length });
}

/** The part of sampling that is rectified. @param {State} state */
export function tauWords({ tau, strengths, steps }) {
  const range = rectifiedSteps(strengths);
  if (!range) return text("no_steps");
  if (tau.tau_unit !== "steps") return text("percent_range", { start: percent(tau.tau_start), end: percent(tau.tau_end) });
  return text("steps_range", { ...range, steps: steps.count });
}

/** @param {number} index */
export const pointKey = (index) => `point:${index}`;
/** -1 for a handle that is no point. @param {string} key */
export const pointIndex = (key) => (key.startsWith("point:") ? Number(key.slice(6)) : -1);
