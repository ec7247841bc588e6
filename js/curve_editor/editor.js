/**
 * One editor: the curve of one node, its view, and the edits that a person makes.
 *
 * @typedef {import("./host").HostNode} HostNode
 * @typedef {import("./curve.js").Curve} Curve
 * @typedef {import("./words.js").Place} Place
 * @typedef {{count: number, known: boolean}} Length  known: the graph says it
 *
 * @typedef {object} State  all that the view draws
 * @property {Curve} curve
 * @property {number[]} omegas  of each frame
 * @property {number[]} holds  of each frame, before λ
 * @property {number[]} strengths  λ of each step
 * @property {number | null} pivot
 * @property {ReturnType<typeof readTau>} tau
 * @property {Length} frames
 * @property {Length} steps
 * @property {{omega: boolean, tau: string[]}} linked  what a link decides, not the editor
 * @property {string | null} dragged  the handle under way
 * @property {Place | null} pointed  the place under the pointer
 * @property {string | null} notice  key of a text that stays until the next edit
 */

import { app } from "../../../scripts/app.js";
import {
  PUBLISHED,
  clamp,
  limits,
  omegas,
  readCurve,
  rounded,
  toJson,
  valuesAt,
  withAdded,
  withMoved,
  withRemoved,
} from "./curve.js";
import { isLinked, readLengths, readTau, setNumber } from "./graph.js";
import { frameHolds, pivotIndex, rampAt, rampPosition, strengths } from "./schedule.js";
import { locale } from "./texts.js";
import { View } from "./view.js";
import { pointIndex, pointKey } from "./words.js";

export const TAU_KEYS = /** @type {const} */ (["tau_start", "tau_end", "strength", "tau_ramp"]);

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
  #shown;
  #lengths;
  /** @type {string | null} */
  #notice = null;
  /** @type {string | null} */
  #dragged = null;
  /** @type {Place | null} */
  #pointed = null;
  /** What an unfinished edit started from. @type {{curve: Curve, tau: ReturnType<typeof readTau>} | null} */
  #before = null;
  #drawn = "";

  /**
   * @param {HostNode} node  whose other inputs are shown too
   * @param {{value: unknown}} home  where the curve is kept
   */
  constructor(node, home) {
    this.#node = node;
    this.#home = home;
    this.#shown = readCurve(home.value) ?? PUBLISHED;
    this.#lengths = readLengths(node);
    this.view = new View();
  }

  get nodeId() {
    return this.#node.id;
  }

  get #curve() {
    return this.#shown;
  }

  set #curve(curve) {
    this.#shown = curve;
    this.#home.value = this.value;
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
    this.#notice = older ? null : "unreadable";
    this.draw();
  }

  /** @returns {State} */
  get state() {
    const tau = readTau(this.#node);
    const frames = this.#length("frames");
    const steps = this.#length("steps");
    const pivot = pivotIndex(tau.pivot_frame, frames.count);
    const values = omegas(this.#curve, frames.count);
    return {
      curve: this.#curve,
      omegas: values,
      holds: frameHolds(values, pivot),
      strengths: strengths(tau, steps.count),
      pivot,
      tau,
      frames,
      steps,
      linked: {
        omega: isLinked(this.#node, "omega") || isLinked(this.#node, "omega_curve"),
        tau: TAU_KEYS.filter((key) => isLinked(this.#node, key)),
      },
      dragged: this.#dragged,
      pointed: this.#pointed,
      notice: this.#notice,
    };
  }

  /** @param {"frames" | "steps"} unit @returns {Length} */
  #length(unit) {
    const known = this.#lengths[unit];
    const { property, fallback } = PREVIEW[unit];
    const typed = Math.round(Number(this.#node.properties?.[property]));
    const count = known ?? (typed >= 1 ? typed : fallback);
    return { count: Math.min(count, MOST), known: known !== null };
  }

  draw() {
    this.view.draw(this.state);
  }

  /** Look around, and draw if something else has changed: a number, a link, a length, the language. */
  refresh() {
    if (!this.#before) this.take(this.#home.value);
    this.#lengths = readLengths(this.#node);
    const { tau, frames, steps, linked } = this.state;
    const seen = JSON.stringify([tau, frames, steps, linked, locale(), this.view.root.clientWidth > 0]);
    if (seen === this.#drawn) return;
    this.#drawn = seen;
    this.draw();
  }

  // ---- edits: each is one step of undo

  /** Start an edit that lasts, such as a drag. @param {string} key the handle */
  begin(key) {
    this.#before = { curve: this.#curve, tau: readTau(this.#node) };
    this.#dragged = key;
    this.#notice = null;
    app.canvas?.emitBeforeChange();
  }

  /** The edit under way is done. */
  end() {
    if (!this.#before) return;
    this.#before = null;
    this.#dragged = null;
    this.draw();
    this.#node.setDirtyCanvas(true, true);
    app.canvas?.emitAfterChange();
  }

  /** Give the edit under way up. */
  cancel() {
    if (!this.#before) return;
    const { curve, tau } = this.#before;
    this.#curve = curve;
    for (const key of TAU_KEYS) setNumber(this.#node, key, tau[key]);
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
    const tau = readTau(this.#node);
    if (key === "strength") return [0, tau.strength];
    if (key === "tau_ramp") return [rampPosition(tau) ?? 0, 0];
    if (key === "tau_start" || key === "tau_end") return [tau[key], 0];
    const [x, y] = this.#curve.points[pointIndex(key)];
    return [x, y];
  }

  /** Whether a person may move a handle. @param {string} key */
  isFree(key) {
    const { linked } = this.state;
    return pointIndex(key) < 0 ? !linked.tau.includes(key) : !linked.omega;
  }

  /** Bring a handle to a place, within an edit. @param {string} key @param {number} x @param {number} y */
  move(key, x, y) {
    if (pointIndex(key) >= 0) this.#curve = withMoved(this.#curve, pointIndex(key), x, y);
    else this.#moveTau(key, x, y);
    this.draw();
  }

  /** @param {string} key @param {number} x @param {number} y */
  #moveTau(key, x, y) {
    const tau = readTau(this.#node);
    const values = {
      tau_start: clamp(x, 0, tau.tau_end),
      tau_end: clamp(x, tau.tau_start, 1),
      strength: clamp(y, 0, 1),
      tau_ramp: clamp(rampAt(tau, x), 0, 1),
    };
    const value = values[/** @type {keyof typeof values} */ (key)];
    setNumber(this.#node, key, Math.round(value * 1000) / 1000);
  }

  /** Move a handle by so much, as one edit. @param {string} key @param {number} dx @param {number} dy */
  nudge(key, dx, dy) {
    const [x, y] = this.position(key);
    this.#edit(key, () => this.move(key, x + dx, y + dy));
  }

  /** Set an input of τ to a number, as one edit. @param {string} key @param {number} value */
  setTau(key, value) {
    const tau = readTau(this.#node);
    const edge = tau.tau_end < 1 ? tau.tau_end - value : tau.tau_start + value;
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
    this.draw();
    return pointKey(index);
  }

  /** Add a point halfway to the next one, as one edit, and go there. @param {string} key */
  addAfter(key) {
    const index = pointIndex(key);
    const [x] = this.#curve.points[index];
    const [, right] = limits(this.#curve, index);
    const middle = rounded((x + right) / 2);
    const [omega] = valuesAt(this.#curve, [middle]);
    this.#edit(key, () => this.view.focus(this.add(middle, omega)));
  }

  /** Remove a point as one edit; the last one stays. @param {string} key */
  remove(key) {
    const index = pointIndex(key);
    const hadFocus = this.view.focused !== null;
    this.#edit(key, () => {
      this.#curve = withRemoved(this.#curve, index);
      this.draw();
    });
    if (hadFocus) this.view.focus(pointKey(clamp(index - 1, 0, this.#curve.points.length - 1)));
  }

  /** Take another curve, as one edit. @param {(curve: Curve) => Curve} change */
  reshape(change) {
    if (this.state.linked.omega) return;
    this.#edit("curve", () => {
      this.#curve = change(this.#curve);
    });
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
