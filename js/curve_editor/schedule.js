/**
 * τ and λ over the steps, as in nodes/core/schedule.py. No DOM here.
 *
 * @typedef {object} Tau
 * @property {number} tau_start
 * @property {number} tau_end
 * @property {number} strength
 * @property {number} tau_ramp
 */

// A sampler may arrive at a grid point through exp(log(sigma)): that must not count as the step before.
const STEP_TOLERANCE = 1e-3;

/**
 * λ at a step; a ramp is read in the middle of the step, and there is none at the very start or end of sampling.
 *
 * @param {Tau} tau @param {number} step from 0 @param {number} steps
 */
export function strengthAt({ tau_start, tau_end, strength, tau_ramp }, step, steps) {
  const [start, end, ramp] = [tau_start * steps, tau_end * steps, tau_ramp * steps];
  if (step < start - STEP_TOLERANCE || step >= end - STEP_TOLERANCE) return 0;
  const middle = step + 0.5;
  const rise = ramp && tau_start > 0 ? (middle - start) / ramp : 1;
  const fall = ramp && tau_end < 1 ? (end - middle) / ramp : 1;
  return strength * Math.max(0, Math.min(rise, fall, 1));
}

/** λ of each step. @param {Tau} tau @param {number} steps */
export function strengths(tau, steps) {
  return Array.from({ length: steps }, (_, step) => strengthAt(tau, step, steps));
}

/**
 * How much of the correction a frame takes before λ: 1 - ω, and all of it for the pivot, which equation (1) rectifies
 * fully whatever its ω.
 *
 * @param {readonly number[]} omegas @param {number | null} pivot
 */
export function frameHolds(omegas, pivot) {
  return omegas.map((omega, frame) => (frame === pivot ? 1 : 1 - omega));
}

/** The pivot's index, negative counted from the end; null outside the clip. @param {number} pivotFrame @param {number} frames */
export function pivotIndex(pivotFrame, frames) {
  const index = pivotFrame < 0 ? pivotFrame + frames : pivotFrame;
  return index >= 0 && index < frames ? index : null;
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

/** The corners of λ drawn as a continuous line over [0, 1]. @param {Tau} tau @returns {[number, number][]} */
export function outline({ tau_start, tau_end, strength, tau_ramp }) {
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
