/**
 * Mouse, pen and keyboard on the chart. Every listener sits on the editor's own elements and goes with them.
 *
 * @typedef {import("./editor.js").Editor} Editor
 * @typedef {import("./types").Place} Place
 */

import { app } from "../../../scripts/app.js";
import { pointIndex, pointKey } from "./handles.js";
import { actionOf } from "./keys.js";
import { contains, fromPixelX, fromPixelY } from "./layout.js";

const FINE = 0.1; // of a move, with Alt
const REACH = 4; // pixels beyond the plot that still count as its edge

/** @param {Editor} editor */
export function listen(editor) {
  listenToPointer(editor);
  listenToKeys(editor);
  listenToClipboard(editor);
  leaveCanvasToHost(editor.view.root);
}

/** @param {Event} event */
const handleOf = (event) =>
  /** @type {Element} */ (event.target).closest?.("[data-handle]")?.getAttribute("data-handle") ?? null;

/** @param {Element} root */
const isInVueNode = (root) => root.closest("[data-node-id]") !== null;

/** The middle button, and any button while space is held, belong to the canvas. @param {PointerEvent} event */
const pansCanvas = (event) => event.button === 1 || Boolean(event.buttons & 4) || app.canvas?.read_only;

/** @typedef {(event: MouseEvent) => {x: number, y: number}} ToPixel */

/**
 * From the screen to the widget's own pixels, at the zoom of this moment. Asks the browser for the layout, so a drag
 * does it once.
 *
 * @param {SVGSVGElement} chart @returns {ToPixel}
 */
function toPixelOf(chart) {
  const { a, b, c, d, e, f } = chart.getScreenCTM()?.inverse() ?? new DOMMatrix();
  return ({ clientX: x, clientY: y }) => ({ x: a * x + c * y + e, y: b * x + d * y + f });
}

/** @param {Editor} editor @param {MouseEvent} event @returns {Place | null} */
function placeOf({ view }, event) {
  const { places } = view;
  const { x, y } = toPixelOf(view.chart)(event);
  for (const box of /** @type {const} */ (["omega", "tau", "heat"])) {
    if (contains(places[box], x, y, REACH))
      return { box, x: fromPixelX(places[box], x), y: fromPixelY(places[box], y) };
  }
  return null;
}

/** @param {Editor} editor */
function listenToPointer(editor) {
  const { chart, heat } = editor.view;
  /** @type {{key: string, start: [number, number], at: [number, number], toPixel: ToPixel, last: {x: number, y: number}} | null} */
  let drag = null;
  /** The last two presses, of which a double-click is made. @type {{key: string | null, added: boolean}[]} */
  let presses = [];

  /** @param {PointerEvent} event @param {string} key */
  const startDrag = (event, key) => {
    const start = editor.position(key);
    const toPixel = toPixelOf(chart);
    drag = { key, start, at: [...start], toPixel, last: toPixel(event) };
    chart.setPointerCapture(event.pointerId);
  };

  /** @param {MouseEvent} event */
  const follow = (event) => {
    if (!drag) return;
    const now = drag.toPixel(event);
    const { places } = editor.view;
    const box = pointIndex(drag.key) < 0 ? places.tau : places.omega;
    const scale = event.altKey ? FINE : 1;
    drag.at[0] += ((now.x - drag.last.x) / (box.right - box.left)) * scale;
    drag.at[1] -= ((now.y - drag.last.y) / (box.bottom - box.top)) * scale;
    drag.last = now;
    editor.move(drag.key, ...(event.shiftKey ? straight(drag.start, drag.at) : drag.at));
  };

  chart.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || drag || pansCanvas(event)) return;
    editor.settle("leave"); // a move before the press is no part of the drag
    const key = handleOf(event);
    presses = [{ key, added: false }, ...presses.slice(0, 1)];
    if (key) {
      if (!editor.isFree(key)) return;
      editor.begin(key);
      startDrag(event, key);
      return;
    }
    const place = placeOf(editor, event);
    if (place?.box !== "omega" || !editor.isFree(pointKey(0))) return;
    editor.begin("curve");
    const added = editor.add(place.x, place.y);
    presses[0].added = true;
    startDrag(event, added);
  });

  chart.addEventListener("pointermove", (event) => {
    if (drag) event.stopPropagation(); // the host has no part in it
    editor.soon(() => (drag ? follow(event) : editor.point(placeOf(editor, event))));
  });

  /** @param {"do" | "leave"} lastMove @param {() => void} finish */
  const stopDrag = (lastMove, finish) => {
    if (!drag) return;
    editor.settle(lastMove);
    const { key } = drag;
    drag = null;
    finish();
    editor.point(null); // what is told now is the handle, not the place where the drag began
    editor.render();
    editor.view.focus(key);
  };
  chart.addEventListener("pointerup", () => stopDrag("do", () => editor.end()));
  chart.addEventListener("pointercancel", () => stopDrag("leave", () => editor.cancel()));
  chart.addEventListener("lostpointercapture", () => stopDrag("do", () => editor.end()));
  chart.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drag) return;
    swallow(event);
    stopDrag("leave", () => editor.cancel());
  });

  chart.addEventListener("dblclick", (event) => {
    event.stopPropagation();
    const [{ key }, first] = presses; // not the event's target: that is the chart, which had captured the pointer
    if (!key || pointIndex(key) < 0 || first?.added) return; // a first click that added a point is not undone
    if (editor.isFree(key)) editor.remove(key);
  });
  chart.addEventListener("contextmenu", (event) => {
    const key = handleOf(event);
    if (!key || pointIndex(key) < 0) return;
    swallow(event);
    if (editor.isFree(key)) editor.remove(key);
  });
  heat.canvas.addEventListener("pointermove", (event) => editor.soon(() => editor.point(placeOf(editor, event))));
  for (const element of [chart, heat.canvas]) {
    element.addEventListener("pointerleave", () => {
      if (!drag) editor.soon(() => editor.point(null));
    });
  }
  chart.addEventListener("focusin", () => editor.draw());
  chart.addEventListener("focusout", () => editor.draw());
}

/** The nearer of the two straight ways: keep x, or keep y. @param {[number, number]} start @param {[number, number]} at @returns {[number, number]} */
function straight(start, at) {
  const sideways = Math.abs(at[0] - start[0]) > Math.abs(at[1] - start[1]);
  return sideways ? [at[0], start[1]] : [start[0], at[1]];
}

/** @param {Event} event */
function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** @param {Editor} editor */
function listenToKeys(editor) {
  const { root, chart } = editor.view;
  chart.addEventListener("keydown", (event) => {
    const key = handleOf(event);
    if (!key || event.ctrlKey || event.metaKey) return;
    const action = actionOf(editor, key, event);
    if (!action) return;
    swallow(event);
    if (editor.isFree(key)) action();
  });
  lendSpaceToCanvas(chart);
  // The host takes Delete for "delete the node", and arrows for "move it".
  root.addEventListener("keydown", (event) => {
    if (/^(Delete|Backspace|Arrow.*|Home|End|Insert|Enter| )$/.test(event.key)) event.stopPropagation();
  });
}

/** Space held on a handle pans as it does on the canvas, which hears only keys of its own. @param {SVGSVGElement} chart */
function lendSpaceToCanvas(chart) {
  for (const type of /** @type {const} */ (["keydown", "keyup"])) {
    chart.addEventListener(type, (event) => {
      if (event.key !== " ") return;
      swallow(event);
      app.canvas?.canvas.dispatchEvent(new KeyboardEvent(type, { key: event.key, code: event.code }));
    });
  }
}

/** Copy and paste as text, without asking for leave: the events carry the clipboard. @param {Editor} editor */
function listenToClipboard(editor) {
  const { root } = editor.view;
  /** @param {Event} event */
  const isTyping = (event) => event.target instanceof HTMLInputElement;
  root.addEventListener("copy", (event) => {
    if (isTyping(event)) return;
    event.clipboardData?.setData("text/plain", editor.value);
    swallow(event);
    editor.notify("copied");
  });
  root.addEventListener("paste", (event) => {
    event.stopPropagation();
    if (isTyping(event)) return;
    event.preventDefault();
    editor.paste(event.clipboardData?.getData("text/plain") ?? "");
  });
}

/**
 * Keep the node from being dragged by what happens in the editor, and let the wheel, the middle button and space-drag
 * reach the canvas. A Vue node lies inside the canvas' own pane, where letting an event rise is enough; on the legacy
 * canvas the editor lies beside it, and the event is handed over.
 *
 * @param {HTMLElement} root
 */
function leaveCanvasToHost(root) {
  root.addEventListener("pointerdown", (event) => {
    if (!pansCanvas(event)) event.stopPropagation();
    else if (!isInVueNode(root)) app.canvas.processMouseDown(event);
  });
  for (const type of /** @type {const} */ (["pointermove", "pointerup"])) {
    root.addEventListener(type, (event) => {
      if (!pansCanvas(event) && !isInVueNode(root)) event.stopPropagation();
    });
  }
  root.addEventListener("wheel", (event) => {
    if (!isInVueNode(root)) app.canvas.processMouseWheel(event);
  });
  root.addEventListener("dblclick", (event) => event.stopPropagation());
}
