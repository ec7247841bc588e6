/**
 * The curve in the host's panel at the right. Frontend 1.58 shows text boxes and numbers there and no other element (its
 * own curve neither), so there the curve stands as text. Older frontends cannot show a widget in the panel alone: they
 * get none.
 *
 * @typedef {import("./host").HostNode} HostNode
 * @typedef {import("./host").HostWidget} HostWidget
 */

import { readCurve } from "./curve.js";

const ONLY_PANEL = { canvas: "never", vueNode: "never", panel: "shown" };

/** @param {string} curve  the curve's widget */
const nameFor = (curve) => `${curve} (text)`;

/** @param {HostNode} node @param {HostWidget} curve  its widget, all others being there too */
export function addPanelText(node, curve) {
  if (!("visibility" in curve)) return;
  /** @param {unknown} typed  half a curve is none yet, and changes nothing */
  const take = (typed) => {
    if (readCurve(typed)) curve.value = typed;
  };
  const options = { surfaces: ONLY_PANEL, serialize: false }; // not sent to the server
  const text = node.addWidget("text", nameFor(curve.name), curve.value, take, options);
  text.serialize = false; // nor saved
}

/**
 * Where a node's curve is kept; the panel's text follows it.
 *
 * @param {HostNode} node @param {string} name  of the curve's widget @param {unknown} value
 */
export function homeOf(node, name, value) {
  return {
    get value() {
      return value;
    },
    set value(curve) {
      value = curve;
      const text = node.widgets?.find((widget) => widget.name === nameFor(name));
      if (text) text.value = curve;
    },
  };
}
