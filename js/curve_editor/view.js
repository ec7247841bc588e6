/**
 * The editor's picture, drawn from its state. Knows nothing of the graph and changes nothing.
 *
 * @typedef {import("./editor.js").State} State
 * @typedef {import("./layout.js").Box} Box
 * @typedef {import("./layout.js").Layout} Layout
 */

import { MONOTONE_CUBIC, valuesAt } from "./curve.js";
import { html, label, place, polyline, rectangle, set, svg } from "./dom.js";
import { createHeat } from "./heat.js";
import { MIN_HEIGHT, layout, ticks, toPixelX, toPixelY } from "./layout.js";
import { outline, rampPosition } from "./schedule.js";
import { styleElement } from "./style.js";
import { text } from "./texts.js";
import { nameOf, pointKey, tauWords, wordsAt, wordsOf } from "./words.js";

const MOST_DOTS = 400; // more frames than pixels would only thicken the line

/** How each handle of τ looks, around its own origin. */
const TAU_HANDLES = {
  tau_start: { knob: "M0 -11h-4a3 3 0 0 0 -3 3v6a3 3 0 0 0 3 3h4z", hit: "M2 -16h-14v26h14z" },
  tau_end: { knob: "M0 -11h4a3 3 0 0 1 3 3v6a3 3 0 0 1 -3 3h-4z", hit: "M-2 -16h14v26h-14z" },
  strength: { knob: "M-8 -2.5h16a2.5 2.5 0 0 1 0 5h-16a2.5 2.5 0 0 1 0 -5z", hit: "M-14 -8h28v16h-28z" },
  tau_ramp: { knob: "M0 -6l6 6l-6 6l-6 -6z", hit: "M0 -11l11 11l-11 11l-11 -11z" },
};

export class View {
  /** Draws the bar above the chart. @type {(state: State) => void} */
  drawBar = () => {};

  constructor() {
    this.root = html("div", "nr-editor widget-expands"); // the second is the host's: grows with a Vue node (1.32)
    this.root.style.minHeight = `${MIN_HEIGHT}px`;
    this.root.setAttribute("role", "group");
    this.root.append(styleElement());
    this.bar = html("div", "nr-bar", this.root);
    this.chart = svg("svg", { class: "nr-chart" }, this.root);
    this.heat = createHeat(this.root);
    this.frames = lengthControl("nr-frames", this.root);
    this.steps = lengthControl("nr-steps", this.root);
    this.status = html("div", "nr-status", this.root);
    this.status.setAttribute("role", "status");
    this.frameGrid = svg("g", { class: "nr-grid" }, this.chart);
    this.omegaWords = svg("g", { class: "nr-words" }, this.chart);
    this.line = svg("path", { class: "nr-line" }, this.chart);
    this.dots = svg("path", { class: "nr-dots" }, this.chart);
    this.points = svg("g", { class: "nr-points" }, this.chart);
    this.pivot = svg("path", { class: "nr-pivot", d: "M0 -3.5l3.5 3.5l-3.5 3.5l-3.5 -3.5z" }, this.chart);
    this.linked = svg("text", { class: "nr-linked", "text-anchor": "middle" }, this.chart);
    this.stepGrid = svg("g", { class: "nr-grid" }, this.chart);
    this.range = svg("text", {}, this.chart);
    this.bars = svg("path", { class: "nr-bars" }, this.chart);
    this.outline = svg("path", { class: "nr-outline" }, this.chart);
    this.tauHandles = Object.entries(TAU_HANDLES).map(([key, { knob, hit }]) => {
      const group = handle(key, this.chart);
      svg("path", { class: "nr-hit", d: hit }, group);
      svg("path", { class: "nr-knob", d: knob }, group);
      return { key, group };
    });
  }

  /** The handle that has the keyboard's focus. */
  get focused() {
    return /** @type {HTMLElement | null} */ (this.root.querySelector("[data-handle]:focus"))?.dataset.handle ?? null;
  }

  /** @param {string} key */
  focus(key) {
    /** @type {SVGElement | null} */ (this.root.querySelector(`[data-handle="${key}"]`))?.focus({ preventScroll: true });
  }

  /** @param {State} state */
  draw(state) {
    const { clientWidth, clientHeight } = this.root;
    if (!clientWidth) return;
    const places = layout(clientWidth, clientHeight);
    this.root.setAttribute("aria-label", text("editor"));
    this.root.classList.toggle("nr-omega-linked", state.linked.omega);
    set(this.chart, { viewBox: `0 0 ${places.width} ${places.height}` });
    this.#drawFrameAxis(places, state);
    this.#drawCurve(places.omega, state);
    this.#drawPoints(places.omega, state);
    this.#drawStepAxis(places, state);
    this.#drawTau(places.tau, state);
    this.heat.draw(places.heat, state);
    this.#drawStatus(state);
    this.drawBar(state);
  }

  /** @param {Layout} places @param {State} state */
  #drawFrameAxis({ omega, width }, { frames, linked }) {
    const numbers = ticks(frames.count, omega.right - omega.left);
    /** @param {number} frame */
    const x = (frame) => toPixelX(omega, (frame - 1) / Math.max(frames.count - 1, 1));
    const key = [width, omega.bottom, frames.count, frames.known, text("more_motion")].join();
    if (this.frameGrid.dataset.key !== key) {
      this.frameGrid.dataset.key = key;
      this.frameGrid.replaceChildren();
      svg("rect", { class: "nr-plot", "data-box": "omega", ...rectangle(omega) }, this.frameGrid);
      for (const value of [0, 0.25, 0.5, 0.75, 1]) {
        const y = toPixelY(omega, value);
        svg("line", { x1: omega.left, x2: omega.right, y1: y, y2: y }, this.frameGrid);
        if (value * 2 === Math.round(value * 2)) label(this.frameGrid, omega.left - 10, y + 3.5, String(value), "end");
      }
      for (const frame of numbers) {
        svg("line", { x1: x(frame), x2: x(frame), y1: omega.top, y2: omega.bottom }, this.frameGrid);
        label(this.frameGrid, x(frame), omega.bottom + 13, String(frame), "middle");
      }
      this.omegaWords.replaceChildren();
      label(this.omegaWords, 4, omega.top - 7, `↑ ${text("more_motion")}`, "start");
      label(this.omegaWords, 4, omega.bottom + 29, `↓ ${text("more_fidelity")}`, "start");
    }
    this.frames.draw(frames, omega.bottom + 17, "frames");
    this.linked.textContent = linked.omega ? text("linked") : "";
    set(this.linked, { x: (omega.left + omega.right) / 2, y: (omega.top + omega.bottom) / 2 + 4 });
  }

  /** @param {Box} box @param {State} state */
  #drawCurve(box, { curve, omegas, pivot }) {
    const last = Math.max(omegas.length - 1, 1);
    /** @param {number} x @param {number} y @returns {[number, number]} */
    const pixel = (x, y) => [toPixelX(box, x), toPixelY(box, y)];
    set(this.line, { d: polyline(curvePath(curve, box.right - box.left).map(([x, y]) => pixel(x, y))) });
    const dots = omegas.length > MOST_DOTS ? [] : omegas.map((omega, frame) => pixel(frame / last, omega));
    set(this.dots, { d: dots.map((dot) => `${polyline([dot])}h0`).join("") });
    const [x, y] = pivot === null ? [0, 0] : pixel(pivot / last, omegas[pivot]);
    set(this.pivot, { transform: `translate(${x} ${y})`, visibility: pivot === null ? "hidden" : "visible" });
  }

  /** @param {Box} box @param {State} state */
  #drawPoints(box, state) {
    const { points } = state.curve;
    while (this.points.children.length > points.length) this.points.lastElementChild?.remove();
    while (this.points.children.length < points.length) {
      const group = handle(pointKey(this.points.children.length), this.points);
      svg("circle", { class: "nr-hit", r: 10 }, group);
      svg("circle", { class: "nr-knob", r: 5 }, group);
    }
    points.forEach(([x, y], index) => {
      const group = /** @type {SVGGElement} */ (this.points.children[index]);
      place(group, toPixelX(box, x), toPixelY(box, y));
      announce(group, state, pointKey(index), y);
    });
  }

  /** @param {Layout} places @param {State} state */
  #drawStepAxis({ width, tau, heat }, state) {
    const { steps, frames } = state;
    const byStep = state.tau.tau_unit === "steps";
    const count = steps.count;
    const key = [width, tau.bottom, heat.bottom, count, frames.count, byStep].join();
    if (this.stepGrid.dataset.key !== key) {
      this.stepGrid.dataset.key = key;
      this.stepGrid.replaceChildren();
      svg("rect", { class: "nr-plot", "data-box": "tau", ...rectangle(tau) }, this.stepGrid);
      if (byStep) {
        const edges = Array.from({ length: count + 1 }, (_, i) => `M${toPixelX(tau, i / count)} ${tau.bottom}v-3`);
        if (count <= (tau.right - tau.left) / 3) svg("path", { class: "nr-ticks", d: edges.join("") }, this.stepGrid);
        for (const step of ticks(count, heat.right - heat.left)) {
          label(this.stepGrid, toPixelX(heat, (step - 0.5) / count), heat.bottom + 12, String(step), "middle");
        }
      } else {
        for (const part of [0, 0.25, 0.5, 0.75, 1]) {
          label(this.stepGrid, toPixelX(heat, part), heat.bottom + 12, `${part * 100}`, "middle");
        }
      }
      label(this.stepGrid, tau.left - 10, tau.top + 8, "1", "end");
      label(this.stepGrid, tau.left - 10, (tau.top + tau.bottom) / 2 + 4, "λ", "end");
      label(this.stepGrid, tau.left - 10, tau.bottom, "0", "end");
      label(this.stepGrid, heat.left - 10, heat.top + 8, "1", "end");
      if (frames.count > 1) label(this.stepGrid, heat.left - 10, heat.bottom, String(frames.count), "end");
    }
    set(this.range, { x: 4, y: heat.bottom + 28 });
    this.range.textContent = `τ: ${tauWords(state)}`;
    this.steps.draw(steps, heat.bottom + 16, "steps");
  }

  /** @param {Box} box @param {State} state */
  #drawTau(box, state) {
    const { tau, strengths } = state;
    const width = 1 / strengths.length;
    const bars = strengths.map((strength, step) => {
      if (!strength) return "";
      const left = toPixelX(box, step * width);
      return `M${left.toFixed(1)} ${box.bottom}V${toPixelY(box, strength).toFixed(1)}H${toPixelX(box, (step + 1) * width).toFixed(1)}V${box.bottom}z`;
    });
    set(this.bars, { d: bars.join("") });
    set(this.outline, { d: polyline(outline(tau).map(([x, y]) => [toPixelX(box, x), toPixelY(box, y)])) });
    const ramp = rampPosition(tau);
    const top = toPixelY(box, tau.strength);
    /** @type {Record<string, [number, number, number]>} */
    const handles = {
      tau_start: [toPixelX(box, tau.tau_start), box.bottom - 3, tau.tau_start],
      tau_end: [toPixelX(box, tau.tau_end), box.bottom - 3, tau.tau_end],
      strength: [toPixelX(box, (tau.tau_start + tau.tau_end) / 2), top, tau.strength],
      tau_ramp: [toPixelX(box, ramp ?? 0), top, tau.tau_ramp],
    };
    for (const { key, group } of this.tauHandles) {
      const [x, y, value] = handles[key];
      place(group, x, y);
      announce(group, state, key, value);
      group.style.display = key === "tau_ramp" && ramp === null ? "none" : "";
    }
  }

  /** @param {State} state */
  #drawStatus(state) {
    const key = state.dragged ?? (state.pointed ? null : this.focused);
    const words = key ? wordsOf(state, key) : state.pointed ? wordsAt(state, state.pointed) : text("legend");
    this.status.textContent = state.notice ? text(state.notice) : words;
    this.status.classList.toggle("nr-notice", state.notice !== null);
    // A screen reader hears the handle's own value; only notices are news to it.
    this.status.setAttribute("aria-live", state.notice ? "polite" : "off");
  }
}

/** The curve in [0, 1]: its corners if linear, else a point every two pixels. @param {State["curve"]} curve @param {number} pixels @returns {[number, number][]} */
function curvePath(curve, pixels) {
  const { points, interpolation } = curve;
  const first = points[0][1];
  const last = points[points.length - 1][1];
  /** @type {[number, number][]} */
  const corners = [[0, first], ...points.map(([x, y]) => /** @type {[number, number]} */ ([x, y])), [1, last]];
  if (interpolation !== MONOTONE_CUBIC) return corners;
  const count = Math.max(Math.round(pixels / 2), 2);
  const xs = Array.from({ length: count + 1 }, (_, i) => i / count);
  const between = valuesAt(curve, xs).map((y, i) => /** @type {[number, number]} */ ([xs[i], y]));
  // The control points too, so that a step stays upright: sorting is stable, and they come first at their x.
  return [...corners.slice(1, -1), ...between].sort((a, b) => a[0] - b[0]);
}

/** @param {string} key @param {Element} parent */
function handle(key, parent) {
  return svg("g", { class: "nr-handle", "data-handle": key, role: "slider", "aria-valuemin": 0, "aria-valuemax": 1 }, parent);
}

/** Say in words what a handle is and where it stands. @param {SVGElement} group @param {State} state @param {string} key @param {number} value */
function announce(group, state, key, value) {
  const fixed = key.startsWith("point:") ? state.linked.omega : state.linked.tau.includes(key);
  set(group, {
    tabindex: fixed ? -1 : 0,
    "aria-disabled": String(fixed),
    "aria-label": nameOf(state, key),
    "aria-valuenow": value,
    "aria-valuetext": wordsOf(state, key),
  });
}

/**
 * "16 frames" where the graph says it, else a number to type.
 *
 * @param {string} className @param {Element} parent
 */
function lengthControl(className, parent) {
  const root = html("label", `nr-length ${className}`, parent);
  const words = html("span", "", root);
  const input = html("input", "", root);
  Object.assign(input, { type: "number", min: "1", max: "1024", step: "1" });
  return {
    input,
    /** @param {{count: number, known: boolean}} length @param {number} top @param {"frames" | "steps"} unit */
    draw({ count, known }, top, unit) {
      root.style.top = `${top}px`;
      root.title = text(known ? `${unit}_known` : `${unit}_preview`);
      words.textContent = known ? text(`${unit}_${count === 1 ? "one" : "count"}`, { count }) : text(unit);
      input.hidden = known;
      input.setAttribute("aria-label", text(`${unit}_preview`));
      if (document.activeElement !== input) input.value = String(count);
    },
  };
}
