/**
 * Curves to start from. No DOM here.
 *
 * @typedef {import("./types").Curve} Curve
 */

import { LINEAR, MONOTONE_CUBIC, PUBLISHED } from "./curve.js";

/** By the key of their name in locales/<language>/main.json. @type {Readonly<Record<string, Curve>>} */
export const PRESETS = {
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
