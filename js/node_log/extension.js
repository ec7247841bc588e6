/**
 * What the pack logs while a node runs, at the foot of that node: most artists never see the console. Sent by
 * nodes/host/log.py; neither saved nor sent to the server.
 *
 * @typedef {import("../curve_editor/host").HostNode} HostNode
 */

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";

const EVENT = "noise_rectification.log";
const NAME = "log";
const STYLE = `
  padding: 4px 6px;
  border-radius: 6px;
  background: var(--comfy-input-bg, #ddd);
  color: var(--fg-color, #222);
  font: 11px/14px Inter, Arial, sans-serif;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
  user-select: text;
`;

/** The words of each node that has said something. @type {WeakMap<HostNode, HTMLElement>} */
const logs = new WeakMap();

/** The nodes of the words, which grow with them. @type {WeakMap<Element, HostNode>} */
const nodes = new WeakMap();
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) grow(nodes.get(target));
});

app.registerExtension({
  name: "noiserectification.NodeLog",
  setup() {
    api.addEventListener("executing", ({ detail: id }) => clear(nodeOf(id)));
    api.addEventListener(EVENT, ({ detail: { node, line } }) => add(nodeOf(node), line));
  },
});

/** A node begins anew. @param {HostNode | null | undefined} node */
function clear(node) {
  const words = node && logs.get(node);
  if (!words) return;
  words.textContent = "";
  words.hidden = true;
}

/** @param {HostNode | null | undefined} node @param {string} line */
function add(node, line) {
  if (!node) return;
  const words = logs.get(node) ?? addLog(node);
  words.hidden = false;
  words.textContent += words.textContent ? `\n${line}` : line;
}

/** @param {unknown} id  as the host counts: "5", or "12:5" inside subgraph 12 @returns {HostNode | null | undefined} */
function nodeOf(id) {
  const [last, ...holders] = String(id ?? "")
    .split(":")
    .reverse();
  const graph = holders.reduceRight(
    (graph, holder) => graph?.getNodeById(holder)?.subgraph,
    app.rootGraph ?? app.graph,
  );
  return graph?.getNodeById(last);
}

/** @param {HostNode} node */
function addLog(node) {
  const frame = document.createElement("div");
  const words = document.createElement("div");
  words.className = "nr-log";
  words.style.cssText = STYLE;
  frame.append(words);
  const widget = node.addDOMWidget(NAME, "NR_LOG", frame, {
    getMinHeight: () => words.offsetHeight,
    getMaxHeight: () => words.offsetHeight,
    serialize: false, // not sent to the server
    hideOnZoom: false,
    hideInPanel: true,
  });
  widget.serialize = false; // nor saved
  logs.set(node, words);
  nodes.set(words, node);
  sizes.observe(words);
  return words;
}

/** The words wrap at the node's width, and it makes room for them. @param {HostNode | undefined} node */
function grow(node) {
  if (!node?.graph) return;
  node.setSize([node.size[0], Math.max(node.size[1], node.computeSize()[1])]);
  node.setDirtyCanvas(true, true);
}
