/**
 * The editor's words, from locales/<language>/main.json as the host serves them.
 *
 * @typedef {Readonly<Record<string, string>>} Texts
 */

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";

const ENGLISH = "en";

/** @type {Record<string, Texts>} */
const languages = {};

/** Ask the host once for all languages. The editor works without an answer, with keys in place of words. */
export async function loadTexts() {
  try {
    const served = await (await api.fetchApi("/i18n")).json();
    for (const [language, messages] of Object.entries(served)) {
      if (messages.noiseRectification?.curveEditor) languages[language] = messages.noiseRectification.curveEditor;
    }
  } catch (error) {
    console.warn("noise-rectification: no translations", error);
  }
}

let current = ENGLISH;

/** Ask the host for the page's language. */
export function readLanguage() {
  current = app.ui?.settings?.getSettingValue?.("Comfy.Locale") ?? ENGLISH;
  return current;
}

/** The language when it was last asked for. */
export const language = () => current;

/**
 * A text in the page's language, else in English, with {names} filled in.
 *
 * @param {string} key @param {Record<string, string | number>} [values]
 */
export function text(key, values = {}) {
  const message =
    languages[current]?.[key] ?? languages[current.split("-")[0]]?.[key] ?? languages[ENGLISH]?.[key] ?? key;
  return message.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
