/** The stylesheet of all editors: one link in the page's head, by its id. */

const ID = "noise-rectification-editor-style";

export function addStyle() {
  if (document.getElementById(ID)) return;
  const link = document.createElement("link");
  Object.assign(link, { id: ID, rel: "stylesheet", href: new URL("./editor.css", import.meta.url).href });
  document.head.append(link);
}
