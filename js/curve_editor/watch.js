/**
 * Looks after the editors on the page. The host tells nobody when a number, a link or a length elsewhere in the graph
 * changes, in words that both canvases and all its versions share: so we look, a few times a second, while an editor is
 * in sight. Nothing here keeps an editor alive: one that is gone from the page is forgotten.
 *
 * @typedef {import("./editor.js").Editor} Editor
 * @typedef {import("./host").HostNode} HostNode
 */

import { app } from "../../../scripts/app.js";
import { allGraphs } from "./graph.js";
import { MARGIN, MIN_WIDTH } from "./layout.js";

const EVERY = 200; // ms: soon enough to feel tied, and nothing beside a canvas that draws sixty times a second

/** @type {WeakMap<Element, Editor>} */
const editors = new WeakMap();
let timer = 0;

/** The handle that had the keyboard's focus when the host rebuilt its node, as undo does. @type {{nodeId: number | string, key: string, root: Element} | null} */
let lastFocus = null;

const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) editors.get(target)?.resize(contentRect);
  timer ||= window.setInterval(look, EVERY); // an editor that comes into sight changes its size from nothing
});

/** @param {Editor} editor */
export function lookAfter(editor) {
  const { root } = editor.view;
  editors.set(root, editor);
  sizes.observe(root);
  followFocus(editor);
  requestAnimationFrame(look); // it may be here in place of another one
}

function look() {
  const roots = [...document.getElementsByClassName("nr-editor")];
  if (roots.some((root) => editors.get(root)?.isEdited)) return; // nothing else is done during a drag
  const shown = roots.map(editorInPlaceOf);
  const inSight = shown.flatMap((root) => editors.get(root) ?? []).filter(({ view }) => view.size.width > 0);
  for (const editor of inSight) {
    if (editor.view.size.width < MIN_WIDTH) widen(editor.view.root);
    editor.refresh();
    if (lastFocus?.nodeId === editor.nodeId && !lastFocus.root.isConnected) restoreFocus(editor, lastFocus.key);
  }
  if (inSight.length) return;
  window.clearInterval(timer);
  timer = 0;
}

/**
 * A Vue node shows the element that its widget had when it was mounted. Undo, a change of tab and a step into a subgraph
 * put another node of the same id in its place without mounting it anew: then that node's editor takes the place too.
 *
 * @param {Element} root  of the editor that is shown
 * @returns {Element} of the one that is shown now
 */
function editorInPlaceOf(root) {
  const id = root.closest("[data-node-id]")?.getAttribute("data-node-id");
  const successor = id ? successorIn(app.canvas?.graph?.getNodeById(id), root) : successorInApp(root);
  if (!successor) return root;
  root.replaceWith(successor);
  return successor;
}

/** @param {HostNode | null | undefined} node  that shows `root` @param {Element} root */
function successorIn(node, root) {
  const own = editorsOf(node);
  return own.includes(root) ? null : own.find((element) => !element.isConnected);
}

/**
 * App mode shows the element without its node. The one in its place edits a schedule of the same id, and may lie on the
 * canvas behind, where it is not seen.
 *
 * @param {Element} root
 */
function successorInApp(root) {
  if (!root.closest("[data-widget-key]")) return null;
  const here = allGraphs(app.graph).flatMap(({ _nodes }) => _nodes.flatMap(editorsOf));
  const id = editors.get(root)?.nodeId;
  return here.includes(root) ? null : here.find((element) => editors.get(element)?.nodeId === id);
}

/** @param {HostNode | null | undefined} node @returns {Element[]} */
function editorsOf(node) {
  return (node?.widgets ?? []).flatMap(({ element }) => (element && editors.has(element) ? [element] : []));
}

/** The face of a subgraph may be narrower than an editor can be read. @param {Element} root */
function widen(root) {
  /** @type {HostNode | undefined} */
  const node = app.canvas?.graph?._nodes.find((/** @type {HostNode} */ { widgets }) =>
    widgets?.some(({ element }) => element === root),
  );
  node?.setSize([Math.max(node.size[0], MIN_WIDTH + 2 * MARGIN), node.size[1]]);
}

/** Remember where the focus is, for as long as it is there. @param {Editor} editor */
function followFocus(editor) {
  const { root } = editor.view;
  root.addEventListener("focusin", () => {
    const key = editor.view.focused;
    lastFocus = key ? { nodeId: editor.nodeId, key, root } : null;
  });
  root.addEventListener("focusout", () => {
    // A node that is taken away loses its focus too: that one is to come back.
    window.setTimeout(() => {
      if (root.isConnected && lastFocus?.root === root && editor.view.focused === null) lastFocus = null;
    });
  });
}

/** @param {Editor} editor @param {string} key */
function restoreFocus(editor, key) {
  if (document.activeElement === document.body) editor.view.focus(key);
  lastFocus = editor.view.focused ? { nodeId: editor.nodeId, key, root: editor.view.root } : null;
}
