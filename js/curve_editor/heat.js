/**
 * The heat strip: how firmly each frame (down) is held at each step (across), in the colours of Plot Rectification
 * Schedule. One pixel per frame and step, or run of steps, stretched by the browser.
 *
 * @typedef {import("./types").State} State
 * @typedef {import("./types").Box} Box
 */

// cividis, thinned out: dark blue = free, yellow = held; even in brightness, and told apart by every kind of colour vision.
const PALETTE = [
  [0, 34, 78],
  [59, 73, 108],
  [124, 123, 120],
  [186, 175, 106],
  [254, 232, 56],
];

/** Opaque pixels, as the canvas stores them on a little-endian machine. */
const COLOURS = Uint32Array.from({ length: 256 }, (_, i) => {
  const position = (i / 255) * (PALETTE.length - 1);
  const below = Math.min(Math.floor(position), PALETTE.length - 2);
  /** @param {number} channel */
  const mix = (channel) =>
    Math.round(PALETTE[below][channel] + (position - below) * (PALETTE[below + 1][channel] - PALETTE[below][channel]));
  return (255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0);
});

/** The palette from free to held, for the legend. */
export const GRADIENT = `linear-gradient(90deg, ${PALETTE.map((rgb) => `rgb(${rgb.join(" ")})`).join(", ")})`;

/** @param {number} a @param {number} b @returns {number} */
const divisor = (a, b) => (b ? divisor(b, a % b) : a);

/** The fewest columns of one width that show the same as one for each value. @param {readonly number[]} values */
export function columns(values) {
  const width = values.reduce(
    (sofar, value, i) => (i && value !== values[i - 1] ? divisor(sofar, i) : sofar),
    values.length,
  );
  return values.filter((_, i) => i % width === 0);
}

/** @param {Element} parent */
export function createHeat(parent) {
  const canvas = document.createElement("canvas");
  canvas.className = "nr-heat";
  canvas.dataset.box = "heat";
  parent.append(canvas);
  const pen = canvas.getContext("2d");
  /** @type {ImageData | undefined} */
  let image;
  return {
    canvas,
    /** @param {Box} box */
    place({ left, right, top, bottom }) {
      Object.assign(canvas.style, {
        left: `${left}px`,
        top: `${top}px`,
        width: `${right - left}px`,
        height: `${bottom - top}px`,
      });
    },
    /** @param {State} state */
    draw({ holds, strengths }) {
      const levels = columns(strengths).map((strength) => strength * 255);
      if (canvas.width !== levels.length) canvas.width = levels.length;
      if (canvas.height !== holds.length) canvas.height = holds.length;
      if (image?.width !== levels.length || image.height !== holds.length) {
        image = new ImageData(levels.length, holds.length);
      }
      const pixels = new Uint32Array(image.data.buffer);
      let at = 0;
      for (const hold of holds) for (const level of levels) pixels[at++] = COLOURS[(hold * level + 0.5) | 0];
      pen?.putImageData(image, 0, 0);
    },
  };
}
