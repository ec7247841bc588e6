/**
 * Where things lie in the widget, in its own pixels, and the numbers on its axes. No DOM here.
 *
 * @typedef {import("./types").Box} Box
 * @typedef {import("./types").Layout} Layout
 */

export const MIN_WIDTH = 256; // the hint at the foot; and in a Vue node, the longest label beside its number
export const MIN_HEIGHT = 340;
export const MARGIN = 12; // the host's around a widget: 10 on the legacy canvas, 12 in a Vue node

const LEFT = 30;
const RIGHT = 12;
const ABOVE_OMEGA = 46; // the bar with the buttons, and the title of the curve's top
const BELOW_OMEGA = 49; // frame numbers, the title of the curve's bottom, the title of λ
const TAU_HEIGHT = 38;
const GAP = 19; // the title of the heat strip
const BELOW_HEAT = 33; // step numbers and the readout
/** Where the rows of words begin, above their boxes or below. */
export const ROW = { aboveOmega: -19, belowOmega: 15, aboveTau: -17, aboveHeat: -17 };

/** @param {number} width @param {number} height @returns {Layout} */
export function layout(width, height) {
  const free = height - ABOVE_OMEGA - BELOW_OMEGA - TAU_HEIGHT - GAP - BELOW_HEAT;
  const heatHeight = Math.round(Math.min(Math.max(free * 0.25, 28), 120));
  const heatBottom = height - BELOW_HEAT;
  const heatTop = heatBottom - heatHeight;
  const tauBottom = heatTop - GAP;
  const tauTop = tauBottom - TAU_HEIGHT;
  /** @param {number} top @param {number} bottom */
  const box = (top, bottom) => ({ left: LEFT, right: width - RIGHT, top, bottom });
  return {
    width,
    height,
    omega: box(ABOVE_OMEGA, tauTop - BELOW_OMEGA),
    tau: box(tauTop, tauBottom),
    heat: box(heatTop, heatBottom),
  };
}

/** @param {Box} box @param {number} x in [0, 1] */
export const toPixelX = ({ left, right }, x) => left + x * (right - left);
/** @param {Box} box @param {number} y in [0, 1], upwards */
export const toPixelY = ({ top, bottom }, y) => bottom - y * (bottom - top);
/** @param {Box} box @param {number} pixel */
export const fromPixelX = ({ left, right }, pixel) => (pixel - left) / (right - left);
/** @param {Box} box @param {number} pixel */
export const fromPixelY = ({ top, bottom }, pixel) => (bottom - pixel) / (bottom - top);

/** @param {Box} box @param {number} x @param {number} y @param {number} [margin] */
export function contains({ left, right, top, bottom }, x, y, margin = 0) {
  return x >= left - margin && x <= right + margin && y >= top - margin && y <= bottom + margin;
}

/**
 * Numbers on an axis that counts from 1 to `count`: the first and the last always, round ones between where they fit.
 *
 * @param {number} count @param {number} pixels @param {number} [spacing] pixels a number needs
 */
export function ticks(count, pixels, spacing = 22) {
  const perUnit = pixels / Math.max(count - 1, 1);
  const every = [1, 5, 10, 20, 50, 100, 200, 500, 1000].find((n) => n * perUnit >= spacing) ?? count;
  const numbers = Array.from({ length: Math.floor(count / every) }, (_, i) => (i + 1) * every);
  /** @param {number} n */
  const fits = (n) => (n - 1) * perUnit >= spacing && (count - n) * perUnit >= spacing;
  return [...new Set([1, ...numbers.filter(fits), count])];
}
