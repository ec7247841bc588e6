/**
 * Curves over the frames: control points in, values out. No DOM here.
 *
 * Repeats the arithmetic of nodes/core/curve.py; tests/curve_golden.json holds both to the same numbers.
 *
 * @typedef {import("./types").Point} Point
 * @typedef {import("./types").Interpolation} Interpolation
 * @typedef {import("./types").Curve} Curve
 */

/** @type {Interpolation} */
export const LINEAR = "linear";
/** @type {Interpolation} */
export const MONOTONE_CUBIC = "monotone_cubic";

// Points closer than this are a step: their secant would overflow.
const STEP_WIDTH = 1e-9;

/** The published weights at 16 frames, as in nodes/core/schedule.py. @type {Curve} */
export const PUBLISHED = {
  points: [
    [0, 1],
    [7 / 15, 0.5],
    [1, 0.5],
  ],
  interpolation: LINEAR,
};

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Six decimals: far below what a sampler can tell, and short to read in a workflow. @param {number} value */
export const rounded = (value) => Math.round(value * 1e6) / 1e6;

/**
 * Read a curve from JSON text, from the parsed object, or from a bare list of points; null if it is none.
 *
 * @param {unknown} value
 * @returns {Curve | null}
 */
export function readCurve(value) {
  if (typeof value === "string") value = parsedOrNull(value);
  if (typeof value !== "object" || value === null) return null;
  const { points, interpolation = MONOTONE_CUBIC } = /** @type {any} */ (
    Array.isArray(value) ? { points: value } : value
  );
  if (interpolation !== LINEAR && interpolation !== MONOTONE_CUBIC) return null;
  if (!Array.isArray(points) || points.length === 0 || !points.every(isPoint)) return null;
  const sorted = points.map(([x, y]) => /** @type {Point} */ ([x, y])).sort((a, b) => a[0] - b[0]);
  return { points: sorted, interpolation };
}

/** @param {string} text */
function parsedOrNull(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {unknown} point */
const isPoint = (point) => Array.isArray(point) && point.length === 2 && point.every(isFraction);

/** @param {unknown} value */
const isFraction = (value) => typeof value === "number" && value >= 0 && value <= 1;

/** The curve as the node stores it. @param {Curve} curve */
export function toJson({ points, interpolation }) {
  return JSON.stringify({ points, interpolation });
}

/**
 * The curve as a function of x; the slopes are worked out once.
 *
 * @param {Curve} curve
 * @returns {(x: number) => number}
 */
export function interpolator({ points, interpolation }) {
  const slopes = interpolation === MONOTONE_CUBIC ? monotoneSlopes(points) : [];
  return (x) => {
    const right = countUpTo(points, x);
    if (right === 0) return points[0][1];
    if (right === points.length) return points[right - 1][1];
    const [x0, y0] = points[right - 1];
    const [x1, y1] = points[right];
    const width = x1 - x0; // > 0: points at one x are counted together
    const t = (x - x0) / width;
    if (interpolation === LINEAR) return y0 + t * (y1 - y0);
    return hermite(t, y0, y1, width, slopes[right - 1], slopes[right]);
  };
}

/**
 * The curve between its first and last point as cubic Bézier segments, which a Hermite segment is exactly: two control
 * points and the end of each.
 *
 * @param {Curve} curve
 * @returns {[Point, Point, Point][]}
 */
export function beziers({ points, interpolation }) {
  const slopes = interpolation === MONOTONE_CUBIC ? monotoneSlopes(points) : [];
  return points.slice(1).map((end, i) => {
    const [x0, y0] = points[i];
    const [x1, y1] = end;
    const third = (x1 - x0) / 3;
    if (interpolation === LINEAR) return [points[i], end, end];
    return [[x0 + third, y0 + slopes[i] * third], [x1 - third, y1 - slopes[i + 1] * third], end];
  });
}

/** How many points lie at or left of x. @param {readonly Point[]} points @param {number} x */
function countUpTo(points, x) {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Cubic Hermite segment, t in [0, 1].
 *
 * @param {number} t @param {number} y0 @param {number} y1
 * @param {number} width @param {number} slope0 @param {number} slope1
 */
function hermite(t, y0, y1, width, slope0, slope1) {
  return (
    (1 + 2 * t) * (1 - t) ** 2 * y0 +
    t * (1 - t) ** 2 * width * slope0 +
    t ** 2 * (3 - 2 * t) * y1 +
    t ** 2 * (t - 1) * width * slope1
  );
}

/**
 * Tangents of the monotone cubic through the points (Fritsch and Carlson, 1980, section 4): it never overshoots them.
 * A step (two points closer than STEP_WIDTH) counts as a flat secant.
 *
 * @param {readonly Point[]} points
 */
function monotoneSlopes(points) {
  const secants = points.slice(1).map(([x, y], i) => {
    const width = x - points[i][0];
    return width > STEP_WIDTH ? (y - points[i][1]) / width : 0;
  });
  const slopes = points.map((_, i) => {
    if (i === 0 || i === points.length - 1) return secants[i === 0 ? 0 : i - 1] ?? 0;
    return secants[i - 1] * secants[i] <= 0 ? 0 : (secants[i - 1] + secants[i]) / 2;
  });
  secants.forEach((secant, i) => {
    if (secant === 0) {
      slopes[i] = slopes[i + 1] = 0;
      return;
    }
    const radius = Math.hypot(slopes[i] / secant, slopes[i + 1] / secant);
    if (radius > 3) {
      slopes[i] *= 3 / radius;
      slopes[i + 1] *= 3 / radius;
    }
  });
  return slopes;
}

/** ω of each frame. @param {Curve} curve @param {number} frames */
export function omegas(curve, frames) {
  const at = interpolator(curve);
  const last = Math.max(frames - 1, 1);
  const values = [];
  for (let frame = 0; frame < frames; frame++) values.push(at(frame / last));
  return values;
}

/**
 * How far a point may move sideways: it cannot cross its neighbours.
 *
 * @param {Curve} curve @param {number} index
 * @returns {[number, number]}
 */
export function limits({ points }, index) {
  return [points[index - 1]?.[0] ?? 0, points[index + 1]?.[0] ?? 1];
}

/** @param {Curve} curve @param {number} index @param {number} x @param {number} y @returns {Curve} */
export function withMoved(curve, index, x, y) {
  const [left, right] = limits(curve, index);
  /** @type {Point} */
  const point = [clamp(rounded(x), left, right), clamp(rounded(y), 0, 1)];
  return { ...curve, points: curve.points.map((old, i) => (i === index ? point : old)) };
}

/** @param {Curve} curve @param {number} x @param {number} y @returns {{curve: Curve, index: number}} */
export function withAdded(curve, x, y) {
  /** @type {Point} */
  const point = [clamp(rounded(x), 0, 1), clamp(rounded(y), 0, 1)];
  const index = countUpTo(curve.points, point[0]);
  return { curve: { ...curve, points: [...curve.points.slice(0, index), point, ...curve.points.slice(index)] }, index };
}

/** The last point stays. @param {Curve} curve @param {number} index @returns {Curve} */
export function withRemoved(curve, index) {
  return curve.points.length === 1 ? curve : { ...curve, points: curve.points.filter((_, i) => i !== index) };
}

/** First frame last. @param {Curve} curve @returns {Curve} */
export function flippedInTime(curve) {
  return { ...curve, points: curve.points.map(([x, y]) => /** @type {Point} */ ([rounded(1 - x), y])).reverse() };
}

/** More motion where there was more fidelity. @param {Curve} curve @returns {Curve} */
export function flippedUpsideDown(curve) {
  return { ...curve, points: curve.points.map(([x, y]) => /** @type {Point} */ ([x, rounded(1 - y)])) };
}
