/**
 * The heat strip: how firmly each frame (down) is held at each step (across), in the colours of Plot Rectification
 * Schedule. One pixel per frame and step, stretched by the browser.
 *
 * @typedef {import("./editor.js").State} State
 * @typedef {import("./layout.js").Box} Box
 */

// cividis, thinned out: dark blue = free, yellow = held; even in brightness, and told apart by every kind of colour vision.
const PALETTE = [
  [0, 34, 78],
  [59, 73, 108],
  [124, 123, 120],
  [186, 175, 106],
  [254, 232, 56],
];

/** @type {[number, number, number][]} */
const COLOURS = Array.from({ length: 256 }, (_, i) => {
  const position = (i / 255) * (PALETTE.length - 1);
  const below = Math.min(Math.floor(position), PALETTE.length - 2);
  /** @param {number} channel */
  const mix = (channel) => PALETTE[below][channel] + (position - below) * (PALETTE[below + 1][channel] - PALETTE[below][channel]);
  return [mix(0), mix(1), mix(2)];
});

/** @param {Element} parent */
export function createHeat(parent) {
  const canvas = document.createElement("canvas");
  canvas.className = "nr-heat";
  canvas.dataset.box = "heat";
  parent.append(canvas);
  const pen = canvas.getContext("2d");
  return {
    canvas,
    /** @param {Box} box @param {State} state */
    draw({ left, right, top, bottom }, { holds, strengths }) {
      Object.assign(canvas.style, {
        left: `${left}px`,
        top: `${top}px`,
        width: `${right - left}px`,
        height: `${bottom - top}px`,
      });
      if (canvas.width !== strengths.length) canvas.width = strengths.length;
      if (canvas.height !== holds.length) canvas.height = holds.length;
      const pixels = new ImageData(strengths.length, holds.length);
      let at = 0;
      for (const hold of holds) {
        for (const strength of strengths) {
          const [red, green, blue] = COLOURS[Math.round(hold * strength * 255)];
          pixels.data.set([red, green, blue, 255], at);
          at += 4;
        }
      }
      pen?.putImageData(pixels, 0, 0);
    },
  };
}
