/**
 * The editor as a widget of the host: value in, value out.
 *
 * @typedef {import("./host").HostNode} HostNode
 * @typedef {import("./host").HostWidget} HostWidget
 */

import { Editor } from "./editor.js";
import { listen } from "./interaction.js";
import { MARGIN, MIN_HEIGHT, MIN_WIDTH } from "./layout.js";
import { addMenu } from "./menu.js";
import { homeOf } from "./panel.js";
import { lookAfter } from "./watch.js";

export const TYPE = "NR_OMEGA_CURVE";

/** @param {HostNode} node @param {string} name @param {any} inputData as in /object_info: [type, options] */
export function addOmegaCurve(node, name, inputData) {
  const widget = addEditor(node, name, node, homeOf(node, name, inputData?.[1]?.default));
  return { widget, minWidth: 340, minHeight: MIN_HEIGHT + 2 * MARGIN };
}

/**
 * Add an editor to a node.
 *
 * @param {HostNode} node  that shows it
 * @param {string} name  of the widget
 * @param {HostNode} schedule  that it edits
 * @param {{value: unknown}} home  where the curve is kept
 * @param {Record<string, unknown>} [options]  of the host's widget
 */
export function addEditor(node, name, schedule, home, options) {
  const editor = new Editor(schedule, home);
  editor.view.drawBar = addMenu(editor);
  listen(editor);
  listenToLengths(editor);
  lookAfter(editor);
  const widget = node.addDOMWidget(name, TYPE, editor.view.root, {
    getValue: () => editor.value,
    setValue: (/** @type {unknown} */ value) => editor.take(value),
    getMinHeight: () => MIN_HEIGHT + 2 * MARGIN,
    hideInPanel: true, // the panel of 1.58 would show an empty frame: panel.js
    ...options,
  });
  keepMinimumWidth(node, widget);
  return widget;
}

/** @param {Editor} editor */
function listenToLengths(editor) {
  for (const unit of /** @type {const} */ (["frames", "steps"])) {
    editor.view[unit].input.addEventListener("change", (event) => {
      editor.setPreview(unit, Number(/** @type {HTMLInputElement} */ (event.target).value));
    });
  }
}

/** No narrower than the editor can be read, by mouse or otherwise. @param {HostNode} node @param {HostWidget} widget */
function keepMinimumWidth(node, widget) {
  const minWidth = MIN_WIDTH + 2 * MARGIN;
  const { computeLayoutSize } = widget;
  widget.computeLayoutSize = (of) => ({ ...computeLayoutSize?.call(widget, of), minWidth });
  const { onResize } = node;
  node.onResize = function (size) {
    size[0] = Math.max(size[0], minWidth);
    onResize?.call(this, size);
  };
}
