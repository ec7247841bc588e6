/**
 * Schedules and curves to start from, by the key of their name in locales/<language>/main.json. No DOM here.
 *
 * @typedef {import("./types").Curve} Curve
 * @typedef {import("./types").Preset} Preset
 * @typedef {import("./types").Inputs} Inputs
 */

import { LINEAR, MONOTONE_CUBIC, PUBLISHED, toJson } from "./curve.js";

/** @type {Readonly<Record<string, Curve>>} */
export const CURVES = {
  published: PUBLISHED,
  gentle: {
    points: [
      [0, 1],
      [0.5, 0.8],
      [1, 0.75],
    ],
    interpolation: MONOTONE_CUBIC,
  },
  balanced: {
    points: [
      [0, 0.8],
      [0.4, 0.4],
      [1, 0.4],
    ],
    interpolation: MONOTONE_CUBIC,
  },
  faithful: {
    points: [
      [0, 0.5],
      [0.4, 0.15],
      [1, 0.1],
    ],
    interpolation: MONOTONE_CUBIC,
  },
  freeze: {
    points: [
      [0, 0],
      [1, 0],
    ],
    interpolation: LINEAR,
  },
  hold_ends: {
    points: [
      [0, 0],
      [0.5, 0.8],
      [1, 0],
    ],
    interpolation: MONOTONE_CUBIC,
  },
};

const HELD_CURVE = CURVES.freeze;
const AS_PUBLISHED = {
  curve: PUBLISHED,
  tau_start: 0,
  tau_end: 0.6,
  tau_ramp: 0,
  strength: 1,
  anchor: "reference noise",
  motion_compensation: 0,
};

/**
 * Whole schedules: all that says how firmly frames are held, to what, and how long. The rows of the README's "it … do
 * this". Pivots, the unit of τ and held colours are for other questions, and stay as they are.
 *
 * @type {Readonly<Record<string, Preset>>}
 */
export const SCHEDULES = {
  moving: { ...AS_PUBLISHED, curve: HELD_CURVE, tau_end: 0.7, anchor: "image", motion_compensation: 1 },
  held: { ...AS_PUBLISHED, curve: HELD_CURVE, tau_end: 1, anchor: "image", motion_compensation: 1 },
  soft: { ...AS_PUBLISHED, curve: HELD_CURVE, tau_end: 1, anchor: "image", strength: 0.25 },
  brief: { ...AS_PUBLISHED, tau_end: 0.3, anchor: "image" },
  published_flow: { ...AS_PUBLISHED, anchor: "image" },
  published: AS_PUBLISHED,
};

/** The name of the whole schedule that is set; null if it is none of these. @param {Curve} curve @param {Inputs} inputs */
export function presetOf(curve, inputs) {
  const drawn = toJson(curve);
  /** @param {Preset} preset */
  const isSet = ({ curve, ...values }) =>
    toJson(curve) === drawn &&
    Object.entries(values).every(([name, value]) => isSame(inputs[/** @type {keyof Inputs} */ (name)], value));
  return Object.keys(SCHEDULES).find((name) => isSet(SCHEDULES[name])) ?? null;
}

/** Numbers are typed to a thousandth. @param {number | string} typed @param {number | string} value */
const isSame = (typed, value) => typed === value || Math.abs(Number(typed) - Number(value)) < 0.0005;
