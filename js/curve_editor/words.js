/**
 * What the editor says: under the pointer, at the focused handle, in its titles, and to a screen reader.
 *
 * @typedef {import("./types").State} State
 * @typedef {import("./types").Place} Place
 * @typedef {import("./types").Length} Length
 */

import { clamp } from "./curve.js";
import { pointIndex } from "./handles.js";
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

/** The frame nearest to x, from 0. @param {number} x @param {number} frames */
const frameAt = (x, frames) => clamp(Math.round(x * (frames - 1)), 0, frames - 1);

/** The line at the foot: a notice, else a handle, else the place under the pointer, else what is wrong, else what can be done. @param {State} state @param {string | null} key */
export function statusWords(state, key) {
  const { notice, pointed, problem, dragged } = state;
  if (notice) return text(notice);
  if (dragged && pointIndex(dragged) >= 0) return text("dragging"); // its numbers stand beside it
  if (key) return wordsOf(state, key);
  if (pointed) return wordsAt(state, pointed);
  return problem ? `⚠ ${text(problem.key, problem.values)}` : text(state.omegaSource === "drawn" ? "hint" : "linked");
}

/** What lies under the pointer. @param {State} state @param {Place} place */
export function wordsAt(state, { box, x, y }) {
  const frames = state.frames.count;
  const steps = state.steps.count;
  const step = clamp(Math.floor(x * steps), 0, steps - 1);
  if (box === "tau")
    return text("readout_step", { step: step + 1, steps, strength: twoDecimals(state.strengths[step]) });
  if (state.omegaSource === "unknown") return text("linked_unknown");
  if (box === "heat") {
    const frame = clamp(Math.floor((1 - y) * frames), 0, frames - 1);
    const hold = state.holds[frame] * state.strengths[step];
    return text("readout_hold", { frame: frame + 1, step: step + 1, hold: twoDecimals(hold) });
  }
  const frame = frameAt(x, frames);
  return text("readout_frame", { frame: frame + 1, frames, omega: twoDecimals(state.omegas[frame]) });
}

/** Where a handle stands. @param {State} state @param {string} key */
export function wordsOf(state, key) {
  const { inputs } = state;
  if (key === "tau_start" || key === "tau_end") {
    return text(key === "tau_start" ? "value_tau_start" : "value_tau_end", {
      percent: percent(inputs[key]),
      steps: tauWords(state),
    });
  }
  if (key === "strength") return text("value_strength", { strength: twoDecimals(inputs.strength) });
  if (key === "tau_ramp") return text("value_tau_ramp", { percent: percent(inputs.tau_ramp) });
  const [x, y] = state.curve.points[pointIndex(key)] ?? state.curve.points[0];
  return text("readout_frame", {
    frame: frameNumber(x, state.frames.count),
    frames: state.frames.count,
    omega: twoDecimals(y),
  });
}

/**
 * A few words beside the point of the curve that is under way, under the pointer or in focus; null if none is.
 *
 * @param {State} state @param {string | null} key
 * @returns {{x: number, y: number, words: string} | null}
 */
export function besideWords(state, key) {
  const { curve, frames, omegas, pointed, omegaSource } = state;
  if (omegaSource === "unknown") return null;
  const point = key ? curve.points[pointIndex(key)] : null;
  if (point) {
    const [x, y] = point;
    return { x, y, words: text("beside", { frame: frameNumber(x, frames.count), omega: twoDecimals(y) }) };
  }
  if (key || pointed?.box !== "omega") return null;
  const frame = frameAt(pointed.x, frames.count);
  const x = frame / Math.max(frames.count - 1, 1);
  return { x, y: omegas[frame], words: text("beside", { frame: frame + 1, omega: twoDecimals(omegas[frame]) }) };
}

/** A handle's name. @param {State} state @param {string} key */
export function nameOf(state, key) {
  const index = pointIndex(key);
  if (index < 0) return text(`name_${key}`);
  return text("name_point", { point: index + 1, points: state.curve.points.length });
}

/** The part of sampling that is rectified. @param {State} state */
export function tauWords({ inputs, strengths, steps }) {
  const range = rectifiedSteps(strengths);
  if (!range) return text("no_steps");
  if (inputs.tau_unit !== "steps") {
    return text("percent_range", { start: percent(inputs.tau_start), end: percent(inputs.tau_end) });
  }
  return text("steps_range", { ...range, steps: steps.count });
}

/** Over the box of λ. @param {State} state */
export const strengthTitle = (state) => `λ · τ: ${tauWords(state)}`;

/** Over the heat strip: what frames are held to. @param {State} state */
export function holdTitle({ inputs: { motion_compensation, hold_colours } }) {
  const title = text(motion_compensation > 0 ? "hold_title_moving" : "hold_title");
  return hold_colours > 0 ? `${title} · ${text("colours", { percent: percent(hold_colours) })}` : title;
}

/** "21 frames", or "21 / 9 frames" where samplers of several lengths are fed. @param {Length} length @param {"frames" | "steps"} unit */
export function countWords({ known }, unit) {
  return known.length === 1 && known[0] === 1
    ? text(`${unit}_one`)
    : text(`${unit}_count`, { count: known.join(" / ") });
}
