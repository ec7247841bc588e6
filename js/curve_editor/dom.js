/**
 * Small makers of elements.
 *
 * @typedef {import("./types").Box} Box
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name @param {Record<string, string | number>} [attributes] @param {Element} [parent]
 * @returns {SVGElementTagNameMap[Name]}
 */
export function svg(name, attributes = {}, parent) {
  const element = document.createElementNS(SVG, name);
  set(element, attributes);
  parent?.append(element);
  return element;
}

/** @param {Element} element @param {Record<string, string | number>} attributes */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name @param {string} className @param {Element} [parent]
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function html(name, className, parent) {
  const element = document.createElement(name);
  element.className = className;
  parent?.append(element);
  return element;
}

/**
 * Change an element's words. Its text node stays: a new one would make the browser match its styles anew, which costs
 * more than all the rest of a picture.
 *
 * @param {Element} element @param {string} words
 */
export function say(element, words) {
  const node = /** @type {Text | null} */ (element.firstChild);
  if (!node) element.append(words);
  else if (node.data !== words) node.data = words;
}

/** A tenth of a pixel is enough. @param {number} pixel */
const tenth = (pixel) => Math.round(pixel * 10) / 10;

/** @param {readonly (readonly [number, number])[]} points in pixels */
export const polyline = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${tenth(x)} ${tenth(y)}`).join("");

/** One segment on from where the path stands. @param {readonly (readonly [number, number])[]} corners in pixels */
export const bezier = (corners) => `C${corners.map(([x, y]) => `${tenth(x)} ${tenth(y)}`).join(" ")}`;

/** @param {readonly (readonly [number, number])[]} points in pixels */
export const dots = (points) => points.map(([x, y]) => `M${tenth(x)} ${tenth(y)}h0`).join("");

/** @param {Box} box */
export const rectangle = ({ left, right, top, bottom }) => ({
  x: left,
  y: top,
  width: Math.max(right - left, 0),
  height: Math.max(bottom - top, 0),
});

/** @param {SVGElement} element @param {number} x @param {number} y */
export function place(element, x, y) {
  element.setAttribute("transform", `translate(${tenth(x)} ${tenth(y)})`);
}

/** @param {Element} parent @param {number} x @param {number} y @param {string} words @param {string} anchor */
export function label(parent, x, y, words, anchor) {
  const element = svg("text", { x, y, "text-anchor": anchor }, parent);
  element.textContent = words;
  return element;
}
