/** The editor's stylesheet. Each editor carries it: the page's document belongs to the host. */

let rules = "";

/** Fetch it once, before the first editor is made. */
export async function loadStyle() {
  try {
    rules = await (await fetch(new URL("./editor.css", import.meta.url))).text();
  } catch (error) {
    console.warn("noise-rectification: no stylesheet", error);
  }
}

/** A style element to put into an editor. */
export function styleElement() {
  const element = document.createElement("style");
  element.textContent = rules;
  return element;
}
