/**
 * The editor on the face of a subgraph. Frontend 1.32.9 shows a promoted widget's own element there; 1.58.1 shows text
 * boxes and numbers but no other element, so there the face gets an editor of its own, which keeps its curve in the
 * promoted value and shows the other inputs of the schedule inside.
 *
 * @typedef {import("./host").HostNode} HostNode
 * @typedef {import("./host").HostWidget} HostWidget
 */

import { nodeFedBy } from "./graph.js";
import { TYPE, addEditor } from "./widget.js";

/** @param {HostNode} node  any new one */
export function watchFace(node) {
  for (const event of ["widget-promoted", "widget-demoted"]) {
    node.subgraph?.events?.addEventListener(event, () => addFaceEditors(node));
  }
}

/** @param {string} promoted  the promoted widget's name */
const nameFor = (promoted) => `${promoted} editor`;

/** @param {HostNode} face */
function addFaceEditors(face) {
  const curves = [...(face.widgets ?? [])].filter(({ type }) => type === TYPE);
  const promoted = curves.filter(({ element }) => !element).map(({ name }) => name);
  const editors = curves.filter(({ element, name }) => element && name.endsWith(nameFor("")));
  for (const name of promoted) {
    const schedule = nodeFedBy(face, name);
    if (!schedule || editors.some((editor) => editor.name === nameFor(name))) continue;
    addEditor(face, nameFor(name), schedule, promotedValue(face, name), { serialize: false });
  }
  for (const editor of editors) {
    if (!promoted.some((name) => editor.name === nameFor(name))) face.removeWidget(editor);
  }
}

/** The host makes its widget anew at times. @param {HostNode} face @param {string} name */
function promotedValue(face, name) {
  const widget = () => face.widgets?.find((candidate) => candidate.name === name);
  return {
    get value() {
      return widget()?.value;
    },
    set value(value) {
      const target = widget();
      if (target) target.value = value;
    },
  };
}
