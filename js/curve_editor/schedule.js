/**
 * τ and λ over the steps, as in nodes/core/schedule.py. No DOM here.
 *
 * @typedef {import("./types").Tau} Tau
 * @typedef {import("./types").BadPivot} BadPivot
 * @typedef {import("./types").Inputs} Inputs
 * @typedef {import("./types").State} State
 */

// A sampler may arrive at a grid point through exp(log(sigma)): that must not count as the step before.
const STEP_TOLERANCE = 1e-3;

/**
 * λ at a step; a ramp is read in the middle of the step, counted from the edges of the steps that are rectified, and
 * there is none at the very start or end of sampling.
 *
 * @param {Tau} tau @param {number} step from 0 @param {number} steps
 */
export function strengthAt({ tau_start, tau_end, strength, tau_ramp }, step, steps) {
  const [first, end] = [tau_start, tau_end].map((tau) => Math.ceil(tau * steps - STEP_TOLERANCE));
  if (step < first || step >= end) return 0;
  const [middle, ramp] = [step + 0.5, tau_ramp * steps];
  const rise = ramp && tau_start > 0 ? (middle - first) / ramp : 1;
  const fall = ramp && tau_end < 1 ? (end - middle) / ramp : 1;
  return strength * Math.min(rise, fall, 1);
}

/** λ of each step. @param {Tau} tau @param {number} steps */
export function strengths(tau, steps) {
  return Array.from({ length: steps }, (_, step) => strengthAt(tau, step, steps));
}

/**
 * How much of the correction a frame takes before λ: 1 - ω, and all of it for the pivots, which equation (1) rectifies
 * fully whatever their ω.
 *
 * @param {readonly number[]} omegas @param {readonly number[]} pivots
 */
export function frameHolds(omegas, pivots) {
  const holds = omegas.map((omega) => 1 - omega);
  for (const pivot of pivots) holds[pivot] = 1;
  return holds;
}

/** Pivots from text such as "0, 8, -1", empty for none; null if it cannot be read. @param {string} words */
export function readPivots(words) {
  const items = words.split(/[\s,;]+/).filter((item) => item);
  return items.every((item) => /^[+-]?\d{1,9}$/.test(item)) ? items.map(Number) : null;
}

/**
 * The pivots' frames in a clip, in order and each once; and the first that is none, if there is one.
 *
 * @param {number} pivotFrame @param {string} pivotFrames wins where it is not empty @param {number} frames
 * @returns {{pivots: number[], bad: BadPivot | null}}
 */
export function pivotsOf(pivotFrame, pivotFrames, frames) {
  const several = readPivots(pivotFrames);
  if (!several) return { pivots: [], bad: { input: "pivot_frames", pivot: null } };
  const given = several.length ? several : [pivotFrame];
  /** @param {number} pivot */
  const isInside = (pivot) => pivot >= -frames && pivot < frames;
  const outside = given.find((pivot) => !isInside(pivot));
  const pivots = new Set(given.filter(isInside).map((pivot) => (pivot < 0 ? pivot + frames : pivot)));
  return {
    pivots: [...pivots].sort((a, b) => a - b),
    bad: outside === undefined ? null : { input: several.length ? "pivot_frames" : "pivot_frame", pivot: outside },
  };
}

/**
 * What keeps a schedule from running, as far as it can be known here.
 *
 * @param {Inputs} inputs @param {readonly number[]} lengths frames of the clips that it is for
 * @returns {State["problem"]}
 */
export function problemOf({ tau_start, tau_end, pivot_frame, pivot_frames }, lengths) {
  if (tau_start > tau_end) return { key: "problem_tau", values: {} };
  if (!readPivots(pivot_frames)) return { key: "problem_pivot_frames", values: {} };
  for (const frames of lengths) {
    const { bad } = pivotsOf(pivot_frame, pivot_frames, frames);
    if (bad?.pivot != null) return { key: "problem_pivot", values: { input: bad.input, pivot: bad.pivot, frames } };
  }
  return null;
}

/** The first and last step with λ > 0, counted from 1; null if there is none. @param {readonly number[]} strengths */
export function rectifiedSteps(strengths) {
  const first = strengths.findIndex((strength) => strength > 0);
  if (first < 0) return null;
  return { first: first + 1, last: strengths.findLastIndex((strength) => strength > 0) + 1 };
}

/** Where the ramp's inner end lies on the τ axis; null where the schedule has no edge to soften. @param {Tau} tau */
export function rampPosition({ tau_start, tau_end, tau_ramp }) {
  if (tau_end < 1) return Math.max(tau_end - tau_ramp, 0);
  return tau_start > 0 ? Math.min(tau_start + tau_ramp, 1) : null;
}

/** The ramp whose inner end lies at x. @param {Tau} tau @param {number} x */
export function rampAt({ tau_start, tau_end }, x) {
  return tau_end < 1 ? tau_end - x : x - tau_start;
}

/** The corners of λ drawn as a continuous line over [0, 1]; none if τ ends before it starts. @param {Tau} tau @returns {[number, number][]} */
export function outline({ tau_start, tau_end, strength, tau_ramp }) {
  if (tau_start > tau_end) return [];
  const rise = tau_start > 0 ? tau_ramp : 0;
  const fall = tau_end < 1 ? tau_ramp : 0;
  const length = tau_end - tau_start;
  // Edges wider than the range meet below full strength.
  const peak = rise + fall > length && rise + fall > 0 ? Math.min(length / (rise + fall), 1) : 1;
  return [
    [tau_start, 0],
    [tau_start + rise * peak, strength * peak],
    [tau_end - fall * peak, strength * peak],
    [tau_end, 0],
  ];
}
