/** The names of the handles by which a schedule is edited. No DOM here. */

/** The handles below the curve: each one is the input of the same name. */
export const TAU_KEYS = /** @type {const} */ (["tau_start", "tau_end", "strength", "tau_ramp"]);

/** @param {number} index */
export const pointKey = (index) => `point:${index}`;

/** -1 for a handle that is no point. @param {string} key */
export const pointIndex = (key) => (key.startsWith("point:") ? Number(key.slice(6)) : -1);
