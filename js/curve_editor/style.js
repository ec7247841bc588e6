/** The stylesheet of all editors, adopted by the page once and put into nobody's elements. */

const ADDRESS = new URL("./editor.css", import.meta.url);

/** @type {Promise<void> | undefined} */
let adopted;

export function addStyle() {
  adopted ??= adopt();
  return adopted;
}

async function adopt() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(await (await fetch(ADDRESS)).text());
  document.adoptedStyleSheets.push(sheet);
}
