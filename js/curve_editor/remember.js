/** Working a thing out again only when what it depends on has changed. No DOM here. */

/** @param {readonly unknown[] | undefined} these @param {readonly unknown[]} those */
export const isSame = (these, those) =>
  these?.length === those.length && these.every((value, i) => Object.is(value, those[i]));

/**
 * The function, with its last answer kept: equal arguments give that very answer.
 *
 * @template {unknown[]} Arguments
 * @template Answer
 * @param {(...values: Arguments) => Answer} work
 * @returns {(...values: Arguments) => Answer}
 */
export function remember(work) {
  /** @type {{values: Arguments, answer: Answer} | undefined} */
  let last;
  return (...values) => {
    if (!last || !isSame(last.values, values)) last = { values, answer: work(...values) };
    return last.answer;
  };
}
