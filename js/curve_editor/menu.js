/**
 * The bar above the chart: presets and the like from a menu, named by the schedule that is set, and the switch between
 * linear and smooth.
 *
 * @typedef {import("./editor.js").Editor} Editor
 * @typedef {import("./types").Curve} Curve
 */

import { LINEAR, MONOTONE_CUBIC, PUBLISHED, flippedInTime, flippedUpsideDown, omegas } from "./curve.js";
import { html } from "./dom.js";
import { CURVES, SCHEDULES } from "./presets.js";
import { text } from "./texts.js";

/** @param {Editor} editor */
export function addMenu(editor) {
  const { bar, root } = editor.view;
  const opener = button("nr-opener", bar);
  opener.setAttribute("aria-haspopup", "menu");
  const shape = html("div", "nr-shape", bar);
  shape.setAttribute("role", "group");
  const choices = [LINEAR, MONOTONE_CUBIC].map((interpolation) => {
    const choice = button("", shape);
    choice.dataset.interpolation = interpolation;
    choice.addEventListener("click", () => editor.reshape((curve) => ({ ...curve, interpolation })));
    return choice;
  });
  const menu = html("div", "nr-menu", root);
  menu.setAttribute("role", "menu");
  menu.hidden = true;

  /** @param {boolean} open */
  const show = (open) => {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) fill(menu, editor, close);
    if (open) items(menu)[0].focus();
  };
  const close = () => {
    show(false);
    opener.focus();
  };
  opener.addEventListener("click", () => show(Boolean(menu.hidden)));
  menu.addEventListener("keydown", (event) => moveInMenu(menu, event, close));
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget !== opener && !menu.contains(/** @type {Node | null} */ (relatedTarget))) show(false);
  });

  /** @param {import("./types").State} state */
  return ({ omegaSource, curve, preset }) => {
    const isFixed = omegaSource !== "drawn";
    opener.textContent = `${text(preset ? `schedule_${preset}` : "presets")} ▾`;
    opener.title = text("presets_about");
    opener.dataset.preset = preset ?? "";
    opener.disabled = isFixed;
    for (const choice of choices) {
      choice.textContent = text(String(choice.dataset.interpolation));
      choice.disabled = isFixed;
      choice.setAttribute("aria-pressed", String(choice.dataset.interpolation === curve.interpolation));
    }
  };
}

/** @param {string} className @param {Element} parent */
function button(className, parent) {
  const element = html("button", className, parent);
  element.type = "button";
  return element;
}

/** @param {Element} menu */
const items = (menu) => /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("button")]);

/** @param {HTMLElement} menu @param {Editor} editor @param {() => void} close */
function fill(menu, editor, close) {
  menu.replaceChildren();
  /** @param {string} key @param {() => void} act @param {Curve} [picture] */
  const item = (key, act, picture) => {
    const element = button("", menu);
    element.setAttribute("role", "menuitem");
    element.dataset.item = key;
    if (picture) element.append(thumbnail(picture));
    html("span", "", element).textContent = text(key);
    element.addEventListener("click", () => {
      close();
      act();
    });
    return element;
  };
  /** @param {string} key */
  const heading = (key) => {
    html("div", "nr-heading", menu).textContent = text(key);
  };
  const { preset: set } = editor.state;
  heading("whole_schedule");
  for (const [name, preset] of Object.entries(SCHEDULES)) {
    const element = item(`schedule_${name}`, () => editor.adopt(preset), preset.curve);
    element.title = text(`about_${name}`);
    element.setAttribute("role", "menuitemradio");
    element.setAttribute("aria-checked", String(name === set));
  }
  heading("curve_alone");
  for (const [name, curve] of Object.entries(CURVES)) item(`preset_${name}`, () => editor.reshape(() => curve), curve);
  html("hr", "", menu);
  item("flip_time", () => editor.reshape(flippedInTime));
  item("flip_omega", () => editor.reshape(flippedUpsideDown));
  item("reset", () => editor.reshape(() => PUBLISHED));
  item("copy", () => withClipboard(editor, copyToClipboard));
  item("paste", () => withClipboard(editor, pasteFromClipboard));
}

/** @param {Editor} editor */
async function copyToClipboard(editor) {
  await navigator.clipboard.writeText(editor.value);
  editor.notify("copied");
}

/** @param {Editor} editor */
async function pasteFromClipboard(editor) {
  editor.paste(await navigator.clipboard.readText());
}

/** A browser may keep the clipboard from a page; by keyboard it never does. @param {Editor} editor @param {(editor: Editor) => Promise<void>} act */
async function withClipboard(editor, act) {
  try {
    await act(editor);
  } catch {
    editor.notify("clipboard_by_key");
  }
}

/** @param {HTMLElement} menu @param {KeyboardEvent} event @param {() => void} close */
function moveInMenu(menu, event, close) {
  const all = items(menu);
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  /** @type {Record<string, () => void>} */
  const actions = {
    ArrowDown: () => all[(at + 1) % all.length].focus(),
    ArrowUp: () => all[(at + all.length - 1) % all.length].focus(),
    Home: () => all[0].focus(),
    End: () => all[all.length - 1].focus(),
    Escape: close,
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

/** A preset's small picture. @param {Curve} curve */
function thumbnail(curve) {
  const count = 15;
  const path = omegas(curve, count).map(
    (omega, i) => `${i ? "L" : "M"}${1 + (i * 22) / (count - 1)} ${13 - omega * 12}`,
  );
  const holder = document.createElement("i");
  holder.innerHTML = `<svg viewBox="0 0 24 14" width="24" height="14" aria-hidden="true"><path d="${path.join("")}"/></svg>`;
  return holder;
}
