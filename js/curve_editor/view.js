/**
 * The editor's picture, drawn from its state. Knows nothing of the graph and changes nothing. Each part is drawn anew
 * only when something that it shows has changed.
 *
 * @typedef {import("./types").Curve} Curve
 * @typedef {import("./types").State} State
 * @typedef {import("./types").Box} Box
 * @typedef {import("./types").Layout} Layout
 * @typedef {import("./types").Length} Length
 */

import { beziers } from "./curve.js";
import { bezier, dots, html, label, place, polyline, rectangle, say, set, svg } from "./dom.js";
import { pointIndex, pointKey } from "./handles.js";
import { GRADIENT, createHeat } from "./heat.js";
import { MIN_HEIGHT, ROW, layout, ticks, toPixelX, toPixelY } from "./layout.js";
import { isSame, remember } from "./remember.js";
import { outline, rampPosition } from "./schedule.js";
import { language, text } from "./texts.js";
import { besideWords, countWords, holdTitle, nameOf, statusWords, strengthTitle, wordsOf } from "./words.js";

const DOT_SPACING = 5; // pixels: closer dots would only thicken the line
/** @type {readonly number[]} */
const NONE = [];
const PIVOT = "m0 -3.5l3.5 3.5l-3.5 3.5l-3.5 -3.5z";

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
  /** In its own pixels; nothing while it is out of sight. */
  size = { width: 0, height: 0 };
  #layout = remember(layout);
  /** What each part shows. @type {Map<string, readonly unknown[]>} */
  #shown = new Map();
  /** Every second picture. */
  #isEven = false;

  constructor() {
    this.root = html("div", "nr-editor widget-expands"); // the second is the host's: grows with a Vue node (1.32)
    this.root.style.minHeight = `${MIN_HEIGHT}px`;
    this.root.setAttribute("role", "group");
    this.bar = html("div", "nr-bar", this.root);
    this.chart = svg("svg", { class: "nr-chart" }, this.root);
    this.heat = createHeat(this.root);
    this.motion = titleRow("nr-motion", this.root);
    this.fidelity = titleRow("nr-fidelity", this.root);
    this.frames = lengthControl("nr-frames", this.fidelity.row);
    this.strength = titleRow("nr-strength", this.root);
    this.steps = lengthControl("nr-steps", this.strength.row);
    this.hold = titleRow("nr-hold", this.root);
    this.legend = createLegend(this.hold.row);
    this.status = html("div", "nr-status", this.root);
    this.status.setAttribute("role", "status");
    this.frameGrid = svg("g", { class: "nr-grid" }, this.chart);
    this.line = svg("path", { class: "nr-line" }, this.chart);
    this.dots = svg("path", { class: "nr-dots" }, this.chart);
    this.points = svg("g", { class: "nr-points" }, this.chart);
    this.pivots = svg("path", { class: "nr-pivots" }, this.chart);
    this.linked = svg("text", { class: "nr-linked", "text-anchor": "middle" }, this.chart);
    this.beside = svg("text", { class: "nr-beside" }, this.chart);
    this.stepGrid = svg("g", { class: "nr-grid" }, this.chart);
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
    const element = document.activeElement;
    return this.chart.contains(element) ? (element?.getAttribute("data-handle") ?? null) : null;
  }

  /** @param {string} key */
  focus(key) {
    /** @type {SVGElement | null} */ (this.root.querySelector(`[data-handle="${key}"]`))?.focus({
      preventScroll: true,
    });
  }

  /** Where things lie now. */
  get places() {
    return this.#layout(this.size.width, this.size.height);
  }

  /** @param {string} name @param {readonly unknown[]} shown what the part depends on @param {() => void} draw */
  #part(name, shown, draw) {
    if (isSame(this.#shown.get(name), shown)) return;
    this.#shown.set(name, shown);
    draw();
  }

  /** @param {State} state */
  draw(state) {
    if (!this.size.width) return;
    const { places } = this;
    const { curve, omegas, holds, strengths, pivots, inputs, frames, steps, preset, omegaSource, fixed } = state;
    const words = language();
    this.#part("places", [places], () => this.#arrange(places));
    this.#part("words", [words], () => this.#drawWords());
    this.#part("frame axis", [places, frames.count], () => this.#drawFrameAxis(places.omega, frames.count));
    this.#part("curve", [places, curve], () => this.#drawCurve(places.omega, curve));
    const marked = pixelsPerFrame(places.omega, omegas) < DOT_SPACING ? NONE : omegas;
    this.#part("dots", [places, marked], () => this.#drawDots(places.omega, marked));
    this.#part("source", [places, omegaSource, words], () => this.#drawSource(places.omega, omegaSource));
    this.#part("pivots", [places, frames.count, ...pivots, ...pivots.map((pivot) => omegas[pivot])], () =>
      this.#drawPivots(places.omega, state),
    );
    this.#part("step axis", [places, frames.count, steps.count, inputs.tau_unit], () =>
      this.#drawStepAxis(places, state),
    );
    this.#part("strengths", [places, strengths, inputs], () => this.#drawStrengths(places.tau, state));
    this.#isEven = !this.#isEven;
    // The dearest part follows a drag at half its pace, and catches up at its end.
    if (this.#isEven || !state.dragged) this.#part("heat", [holds, strengths], () => this.heat.draw(state));
    this.#part("titles", [strengths, inputs, words], () => this.#drawTitles(state));
    this.#part("lengths", [frames, steps, words], () => this.#drawLengths(state));
    this.#part("bar", [curve.interpolation, preset, omegaSource, words], () => this.drawBar(state));
    this.#drawPoints(places.omega, state, [places, omegaSource, frames.count, words]);
    this.#part("tau handles", [places, inputs, strengths, fixed, words], () => this.#drawTauHandles(places.tau, state));
    this.#drawReadouts(places, state);
  }

  /** @param {Layout} places */
  #arrange({ width, height, omega, tau, heat }) {
    set(this.chart, { viewBox: `0 0 ${width} ${height}` });
    this.heat.place(heat);
    this.motion.row.style.top = `${omega.top + ROW.aboveOmega}px`;
    this.fidelity.row.style.top = `${omega.bottom + ROW.belowOmega}px`;
    this.strength.row.style.top = `${tau.top + ROW.aboveTau}px`;
    this.hold.row.style.top = `${heat.top + ROW.aboveHeat}px`;
  }

  #drawWords() {
    this.root.setAttribute("aria-label", text("editor"));
    this.motion.say(`↑ ${text("more_motion")}`, text("omega_about"));
    this.fidelity.say(`↓ ${text("more_fidelity")}`, text("omega_about"));
    this.legend.say();
  }

  /** @param {Box} omega @param {number} count */
  #drawFrameAxis(omega, count) {
    this.frameGrid.replaceChildren();
    svg("rect", { class: "nr-plot", "data-box": "omega", ...rectangle(omega) }, this.frameGrid);
    for (const value of [0, 0.25, 0.5, 0.75, 1]) {
      const y = toPixelY(omega, value);
      svg("line", { x1: omega.left, x2: omega.right, y1: y, y2: y }, this.frameGrid);
      if (value * 2 === Math.round(value * 2)) label(this.frameGrid, omega.left - 10, y + 3.5, String(value), "end");
    }
    for (const frame of ticks(count, omega.right - omega.left)) {
      const x = toPixelX(omega, (frame - 1) / Math.max(count - 1, 1));
      svg("line", { x1: x, x2: x, y1: omega.top, y2: omega.bottom }, this.frameGrid);
      label(this.frameGrid, x, omega.bottom + 12, String(frame), "middle");
    }
  }

  /** @param {Box} box @param {Curve} curve */
  #drawCurve(box, curve) {
    /** @param {number} x @param {number} y @returns {[number, number]} */
    const pixel = (x, y) => [toPixelX(box, x), toPixelY(box, y)];
    const [, first] = curve.points[0];
    const start = polyline([pixel(0, first), pixel(...curve.points[0])]);
    const segments = beziers(curve).map((corners) => bezier(corners.map(([x, y]) => pixel(x, y))));
    set(this.line, { d: `${start}${segments.join("")}H${box.right}` });
  }

  /** @param {Box} box @param {readonly number[]} omegas */
  #drawDots(box, omegas) {
    const last = Math.max(omegas.length - 1, 1);
    set(this.dots, { d: dots(omegas.map((omega, frame) => [toPixelX(box, frame / last), toPixelY(box, omega)])) });
  }

  /** @param {Box} box @param {State["omegaSource"]} source */
  #drawSource(box, source) {
    this.root.classList.toggle("nr-fixed", source !== "drawn");
    this.root.classList.toggle("nr-unknown", source === "unknown");
    say(this.linked, source === "drawn" ? "" : text(source === "linked" ? "linked" : "linked_unknown"));
    const y = source === "linked" ? box.top + 13 : (box.top + box.bottom) / 2 + 4;
    set(this.linked, { x: (box.left + box.right) / 2, y });
  }

  /** @param {Box} box @param {State} state */
  #drawPivots(box, { omegas, pivots }) {
    const last = Math.max(omegas.length - 1, 1);
    set(this.pivots, {
      d: pivots.map((pivot) => `M${toPixelX(box, pivot / last)} ${toPixelY(box, omegas[pivot])}${PIVOT}`).join(""),
    });
  }

  /** @param {Box} box @param {State} state @param {readonly unknown[]} shown what all points depend on */
  #drawPoints(box, state, shown) {
    const points = state.omegaSource === "linked" ? [] : state.curve.points; // a linked curve is not to be edited here
    const groups = this.points.children;
    while (groups.length > points.length) {
      for (const part of ["", " name", " value"]) this.#shown.delete(pointKey(groups.length - 1) + part);
      this.points.lastElementChild?.remove();
    }
    while (groups.length < points.length) {
      const group = handle(pointKey(groups.length), this.points);
      svg("circle", { class: "nr-hit", r: 10 }, group);
      svg("circle", { class: "nr-knob", r: 5 }, group);
    }
    points.forEach(([x, y], index) => {
      const key = pointKey(index);
      const group = /** @type {SVGGElement} */ (groups[index]);
      this.#part(`${key} name`, [points.length, ...shown], () => name(group, state, key));
      this.#part(key, [x, y, box], () => place(group, toPixelX(box, x), toPixelY(box, y)));
      if (key === state.dragged) return; // a screen reader is told when the hand rests
      this.#part(`${key} value`, [x, y, ...shown], () => announce(group, y, wordsOf(state, key)));
    });
  }

  /** @param {Layout} places @param {State} state */
  #drawStepAxis({ tau, heat }, { steps: { count }, frames, inputs }) {
    this.stepGrid.replaceChildren();
    svg("rect", { class: "nr-plot", "data-box": "tau", ...rectangle(tau) }, this.stepGrid);
    if (inputs.tau_unit === "steps") {
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
    label(this.stepGrid, tau.left - 10, tau.bottom, "0", "end");
    label(this.stepGrid, heat.left - 10, heat.top + 8, "1", "end");
    if (frames.count > 1) label(this.stepGrid, heat.left - 10, heat.bottom, String(frames.count), "end");
  }

  /** @param {Box} box @param {State} state */
  #drawStrengths(box, { inputs, strengths }) {
    const width = 1 / strengths.length;
    const bars = strengths.map((strength, step) => {
      if (!strength) return "";
      const left = toPixelX(box, step * width);
      return `M${left.toFixed(1)} ${box.bottom}V${toPixelY(box, strength).toFixed(1)}H${toPixelX(box, (step + 1) * width).toFixed(1)}V${box.bottom}z`;
    });
    set(this.bars, { d: bars.join("") });
    set(this.outline, { d: polyline(outline(inputs).map(([x, y]) => [toPixelX(box, x), toPixelY(box, y)])) });
  }

  /** @param {Box} box @param {State} state */
  #drawTauHandles(box, state) {
    const { inputs } = state;
    const ramp = rampPosition(inputs);
    const top = toPixelY(box, inputs.strength);
    /** @type {Record<string, [number, number, number]>} */
    const handles = {
      tau_start: [toPixelX(box, inputs.tau_start), box.bottom - 3, inputs.tau_start],
      tau_end: [toPixelX(box, inputs.tau_end), box.bottom - 3, inputs.tau_end],
      strength: [toPixelX(box, (inputs.tau_start + inputs.tau_end) / 2), top, inputs.strength],
      tau_ramp: [toPixelX(box, ramp ?? 0), top, inputs.tau_ramp],
    };
    for (const { key, group } of this.tauHandles) {
      const [x, y, value] = handles[key];
      place(group, x, y);
      name(group, state, key);
      announce(group, value, wordsOf(state, key));
      group.style.display = key === "tau_ramp" && ramp === null ? "none" : "";
    }
  }

  /** @param {State} state */
  #drawTitles(state) {
    this.strength.say(strengthTitle(state), text("tau_about"));
    this.hold.say(holdTitle(state), text("hold_about"));
    this.root.classList.toggle("nr-wrong-tau", state.inputs.tau_start > state.inputs.tau_end);
  }

  /** @param {State} state */
  #drawLengths({ frames, steps }) {
    this.frames.draw(frames, "frames");
    this.steps.draw(steps, "steps");
  }

  /** What is under the pointer, at the handle under way, or at the one that has the focus. @param {Layout} places @param {State} state */
  #drawReadouts({ omega }, state) {
    const key = state.dragged ?? (state.pointed ? null : this.focused);
    say(this.status, statusWords(state, key));
    // A screen reader hears the handle's own value; only notices and faults are news to it.
    const isNews = state.notice !== null || (key === null && state.pointed === null && state.problem !== null);
    this.#part("news", [isNews], () => {
      this.status.classList.toggle("nr-notice", isNews);
      this.status.setAttribute("aria-live", isNews ? "polite" : "off");
    });
    const beside = besideWords(state, key);
    say(this.beside, beside?.words ?? "");
    if (!beside) return;
    const onTheLeft = beside.x < 0.5;
    this.#part("anchor", [onTheLeft], () => set(this.beside, { "text-anchor": onTheLeft ? "start" : "end" }));
    place(
      this.beside,
      toPixelX(omega, beside.x) + (onTheLeft ? 9 : -9),
      toPixelY(omega, beside.y) + (beside.y > 0.8 ? 16 : -9),
    );
  }
}

/** @param {Box} box @param {readonly number[]} omegas */
const pixelsPerFrame = ({ left, right }, omegas) => (right - left) / Math.max(omegas.length - 1, 1);

/** @param {string} key @param {Element} parent */
function handle(key, parent) {
  return svg(
    "g",
    { class: "nr-handle", "data-handle": key, role: "slider", "aria-valuemin": 0, "aria-valuemax": 1 },
    parent,
  );
}

/** Say in words what a handle is, and whether it can be moved. @param {SVGElement} group @param {State} state @param {string} key */
function name(group, state, key) {
  const isFixed = pointIndex(key) < 0 ? state.fixed.includes(key) : state.omegaSource !== "drawn";
  set(group, { tabindex: isFixed ? -1 : 0, "aria-disabled": String(isFixed), "aria-label": nameOf(state, key) });
}

/** Say where a handle stands. @param {SVGElement} group @param {number} value @param {string} words */
function announce(group, value, words) {
  set(group, { "aria-valuenow": value, "aria-valuetext": words });
}

/** A row of words above or below a box, which explain themselves when pointed at. @param {string} className @param {Element} parent */
function titleRow(className, parent) {
  const row = html("div", `nr-row ${className}`, parent);
  const title = html("span", "nr-title", row);
  return {
    row,
    /** @param {string} words @param {string} about */
    say(words, about) {
      say(title, words);
      title.title = about;
    },
  };
}

/** The colours of the heat strip, in words. @param {Element} parent */
function createLegend(parent) {
  const root = html("span", "nr-legend", parent);
  const free = html("span", "", root);
  html("i", "", root).style.background = GRADIENT;
  const held = html("span", "", root);
  return {
    say() {
      say(free, text("legend_free"));
      say(held, text("legend_held"));
      root.title = text("hold_about");
    },
  };
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
    /** @param {Length} length @param {"frames" | "steps"} unit */
    draw(length, unit) {
      const isKnown = length.known.length > 0;
      root.title = text(isKnown ? `${unit}_known` : `${unit}_preview`);
      say(words, isKnown ? countWords(length, unit) : text(unit));
      input.hidden = isKnown;
      input.setAttribute("aria-label", text(`${unit}_preview`));
      if (document.activeElement !== input) input.value = String(length.count);
    },
  };
}
