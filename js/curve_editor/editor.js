/**
 * One editor: the curve of one node, its view, and the edits that a person makes.
 *
 * @typedef {import("./host").HostNode} HostNode
 * @typedef {import("./types").Curve} Curve
 * @typedef {import("./types").Inputs} Inputs
 * @typedef {import("./types").Length} Length
 * @typedef {import("./types").Place} Place
 * @typedef {import("./types").Preset} Preset
 * @typedef {import("./types").State} State
 */

import { app } from "../../../scripts/app.js";
import {
  PUBLISHED,
  clamp,
  interpolator,
  limits,
  omegas,
  readCurve,
  rounded,
  toJson,
  withAdded,
  withMoved,
  withRemoved,
} from "./curve.js";
import { isLinked, lacksVae, linkedCurve, readInputs, readLengths, setValue } from "./graph.js";
import { TAU_KEYS, pointIndex, pointKey } from "./handles.js";
import { presetOf } from "./presets.js";
import { remember } from "./remember.js";
import { frameHolds, pivotsOf, problemOf, rampAt, rampPosition, strengths } from "./schedule.js";
import { readLanguage } from "./texts.js";
import { View } from "./view.js";

/** Where a length is kept that the graph does not know; the widget's own value is the curve and nothing else. */
const PREVIEW = /** @type {const} */ ({
  frames: { property: "nr_preview_frames", fallback: 16 },
  steps: { property: "nr_preview_steps", fallback: 20 },
});

const MOST = 1024; // frames or steps that are drawn; there are fewer pixels

export class Editor {
  #node;
  #home;
  /** @type {Curve} */
  #curve;
  /** @type {string | null} */
  #notice = null;
  /** @type {string | null} */
  #dragged = null;
  /** @type {Place | null} */
  #pointed = null;
  /** What an unfinished edit started from. @type {{curve: Curve, inputs: Inputs} | null} */
  #before = null;

  #surroundings;
  #seen = "";
  #frame = 0;
  /** What to do before the next picture. @type {(() => void) | null} */
  #next = null;

  #omegas = remember(omegas);
  #strengths = remember(strengths);
  #holds = remember(frameHolds);
  #pivots = remember(pivotsOf);
  #problem = remember(problemOf);
  #preset = remember(presetOf);

  /**
   * @param {HostNode} node  whose other inputs are shown too
   * @param {{value: unknown}} home  where the curve is kept
   */
  constructor(node, home) {
    this.#node = node;
    this.#home = home;
    this.#curve = readCurve(home.value) ?? PUBLISHED;
    this.#surroundings = this.#lookAround();
    this.view = new View();
  }

  /** Whether an edit is under way. */
  get isEdited() {
    return this.#before !== null;
  }

  get nodeId() {
    return this.#node.id;
  }

  get value() {
    return toJson(this.#curve);
  }

  /** Take a stored value, whatever it is: one that cannot be read must not stop a workflow from loading. @param {unknown} stored */
  take(stored) {
    const curve = readCurve(stored);
    const older = curve ?? readCurve(/** @type {any} */ (stored)?.__value__);
    // The host may hand back what it has just read from here: that is no news, and a notice stays.
    if (older && toJson(older) === this.value) return;
    this.#curve = older ?? PUBLISHED;
    this.#home.value = this.value;
    this.#notice = older ? null : "unreadable";
    this.draw();
  }

  /** What the graph around the curve says. */
  #lookAround() {
    const known = readLengths(this.#node);
    const isOmegaLinked = isLinked(this.#node, "omega") || isLinked(this.#node, "omega_curve");
    return {
      inputs: readInputs(this.#node),
      frames: this.#length("frames", known.frames),
      steps: this.#length("steps", known.steps),
      isOmegaLinked,
      linked: isOmegaLinked ? linkedCurve(this.#node) : null,
      fixed: TAU_KEYS.filter((key) => isLinked(this.#node, key)),
    };
  }

  /** @param {"frames" | "steps"} unit @param {readonly number[]} known @returns {Length} */
  #length(unit, known) {
    const { property, fallback } = PREVIEW[unit];
    const typed = Math.round(Number(this.#node.properties?.[property]));
    const count = known[0] ?? (typed >= 1 ? typed : fallback);
    return { count: Math.min(count, MOST), known };
  }

  /** @returns {State} */
  get state() {
    const { inputs, frames, steps, isOmegaLinked, linked, fixed } = this.#surroundings;
    const curve = linked ?? this.#curve;
    const values = this.#omegas(curve, frames.count);
    const { pivots } = this.#pivots(inputs.pivot_frame, inputs.pivot_frames, frames.count);
    return {
      curve,
      omegas: values,
      holds: this.#holds(values, pivots),
      strengths: this.#strengths(inputs, steps.count),
      pivots,
      inputs,
      frames,
      steps,
      preset: this.#preset(curve, inputs),
      omegaSource: linked ? "linked" : isOmegaLinked ? "unknown" : "drawn",
      fixed,
      problem: this.#problem(inputs, frames.known),
      dragged: this.#dragged,
      pointed: this.#pointed,
      notice: this.#notice,
    };
  }

  /** @param {{width: number, height: number}} size in its own pixels */
  resize({ width, height }) {
    this.view.size = { width, height };
    this.#hasChangedAround();
    this.render(); // within the same picture of the page
  }

  /** Draw with the next picture of the page: however many changes there are, once. */
  draw() {
    this.#frame ||= requestAnimationFrame(() => this.render());
  }

  /** Do something before the next picture; of several things, the last. @param {() => void} act */
  soon(act) {
    this.#next = act;
    this.draw();
  }

  /** Do now what was to be done soon, or leave it. @param {"do" | "leave"} what */
  settle(what) {
    const act = this.#next;
    this.#next = null;
    if (what === "do") act?.();
  }

  /** Draw at once. */
  render() {
    this.settle("do");
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.view.draw(this.state);
  }

  /** Look around, and draw if something else has changed: a number, a link, a length, the language. */
  refresh() {
    this.take(this.#home.value);
    if (this.#hasChangedAround()) this.draw();
  }

  #hasChangedAround() {
    const surroundings = this.#lookAround();
    const seen = JSON.stringify([surroundings, readLanguage()]);
    if (seen === this.#seen) return false;
    this.#seen = seen;
    this.#surroundings = surroundings;
    return true;
  }

  // ---- edits: each is one step of undo

  /** Start an edit that lasts, such as a drag. @param {string} key the handle */
  begin(key) {
    this.#hasChangedAround();
    this.#before = { curve: this.#curve, inputs: this.#surroundings.inputs };
    this.#dragged = key;
    this.#notice = null;
    app.canvas?.emitBeforeChange();
  }

  /** The edit under way is done. */
  end() {
    if (!this.#before) return;
    this.#before = null;
    this.#dragged = null;
    this.#home.value = this.value;
    this.#hasChangedAround();
    this.draw();
    this.#node.setDirtyCanvas(true, true);
    app.canvas?.emitAfterChange();
  }

  /** Give the edit under way up. */
  cancel() {
    if (!this.#before) return;
    const { curve, inputs } = this.#before;
    this.#curve = curve;
    for (const key of TAU_KEYS) setValue(this.#node, key, inputs[key]);
    this.end();
  }

  /** @param {string} key @param {() => void} change */
  #edit(key, change) {
    this.begin(key);
    change();
    this.end();
  }

  /** Where a handle stands in its box, each in [0, 1]. @param {string} key @returns {[number, number]} */
  position(key) {
    const { inputs } = this.#surroundings;
    if (key === "strength") return [0, inputs.strength];
    if (key === "tau_ramp") return [rampPosition(inputs) ?? 0, 0];
    if (key === "tau_start" || key === "tau_end") return [inputs[key], 0];
    const [x, y] = this.#curve.points[pointIndex(key)];
    return [x, y];
  }

  /** Whether a person may move a handle. @param {string} key */
  isFree(key) {
    const { fixed, isOmegaLinked } = this.#surroundings;
    return pointIndex(key) < 0 ? !fixed.some((name) => name === key) : !isOmegaLinked;
  }

  /** Bring a handle to a place, within an edit. @param {string} key @param {number} x @param {number} y */
  move(key, x, y) {
    if (pointIndex(key) >= 0) this.#curve = withMoved(this.#curve, pointIndex(key), x, y);
    else this.#moveTau(key, x, y);
    this.draw();
  }

  /** @param {string} key @param {number} x @param {number} y */
  #moveTau(key, x, y) {
    const { inputs } = this.#surroundings;
    const values = {
      tau_start: clamp(x, 0, inputs.tau_end),
      tau_end: clamp(x, inputs.tau_start, 1),
      strength: clamp(y, 0, 1),
      tau_ramp: clamp(rampAt(inputs, x), 0, 1),
    };
    const value = Math.round(values[/** @type {keyof typeof values} */ (key)] * 1000) / 1000;
    setValue(this.#node, key, value);
    this.#surroundings = { ...this.#surroundings, inputs: { ...inputs, [key]: value } };
    this.#seen = ""; // so that it is looked at again
  }

  /** Move a handle by so much, as one edit. @param {string} key @param {number} dx @param {number} dy */
  nudge(key, dx, dy) {
    const [x, y] = this.position(key);
    this.#edit(key, () => this.move(key, x + dx, y + dy));
  }

  /** Set an input of τ to a number, as one edit. @param {string} key @param {number} value */
  setTau(key, value) {
    const { tau_start, tau_end } = this.#surroundings.inputs;
    const edge = tau_end < 1 ? tau_end - value : tau_start + value;
    this.#edit(key, () => this.move(key, key === "tau_ramp" ? edge : value, value));
  }

  /** Move a point to the end of its reach. @param {string} key @param {"left" | "right" | "top" | "bottom"} side */
  toLimit(key, side) {
    const [x, y] = this.position(key);
    const [left, right] = limits(this.#curve, pointIndex(key));
    /** @type {Record<typeof side, [number, number]>} */
    const target = { left: [left, y], right: [right, y], top: [x, 1], bottom: [x, 0] };
    this.#edit(key, () => this.move(key, ...target[side]));
  }

  /** Add a point within an edit. @param {number} x @param {number} y @returns {string} its key */
  add(x, y) {
    const { curve, index } = withAdded(this.#curve, x, y);
    this.#curve = curve;
    this.#dragged = pointKey(index);
    this.render(); // its handle is there at once, to be dragged or to take the focus
    return pointKey(index);
  }

  /** Add a point halfway to the next one, as one edit, and go there. @param {string} key */
  addAfter(key) {
    const index = pointIndex(key);
    const [x] = this.#curve.points[index];
    const [, right] = limits(this.#curve, index);
    const middle = rounded((x + right) / 2);
    this.#edit(key, () => this.view.focus(this.add(middle, interpolator(this.#curve)(middle))));
  }

  /** Remove a point as one edit; the last one stays. @param {string} key */
  remove(key) {
    const index = pointIndex(key);
    const hadFocus = this.view.focused !== null;
    this.#edit(key, () => {
      this.#curve = withRemoved(this.#curve, index);
    });
    this.render();
    if (hadFocus) this.view.focus(pointKey(clamp(index - 1, 0, this.#curve.points.length - 1)));
  }

  /** Take another curve, as one edit. @param {(curve: Curve) => Curve} change */
  reshape(change) {
    if (this.#surroundings.isOmegaLinked) return;
    this.#edit("curve", () => {
      this.#curve = change(this.#curve);
    });
  }

  /** Take a whole schedule, as one edit. @param {Preset} preset */
  adopt({ curve, ...values }) {
    this.#edit("schedule", () => {
      this.#curve = curve;
      for (const [name, value] of Object.entries(values)) setValue(this.#node, name, value);
    });
    if (values.motion_compensation > 0 && lacksVae(this.#node)) this.notify("link_the_vae");
  }

  /** Take a curve from text; anything else is refused with a word, and nothing is lost. @param {string} words */
  paste(words) {
    const curve = readCurve(words);
    if (curve) this.reshape(() => curve);
    this.notify(curve ? "pasted" : "not_a_curve");
  }

  /** @param {"frames" | "steps"} unit @param {number} count */
  setPreview(unit, count) {
    if (!(count >= 1)) return this.draw();
    this.#edit(unit, () => {
      this.#node.properties[PREVIEW[unit].property] = Math.min(Math.round(count), MOST);
    });
  }

  /** @param {string} notice key of a text */
  notify(notice) {
    this.#notice = notice;
    this.draw();
  }

  /** @param {Place | null} place */
  point(place) {
    this.#pointed = place;
    this.draw();
  }
}
