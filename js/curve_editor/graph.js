/**
 * What the graph around a schedule node knows: other inputs of the node, links, and how long the clip and the run are.
 *
 * @typedef {import("./host").HostNode} HostNode
 * @typedef {import("./host").HostGraph} HostGraph
 * @typedef {import("./host").HostLink} HostLink
 * @typedef {import("./host").HostWidget} HostWidget
 * @typedef {import("./types").Curve} Curve
 * @typedef {import("./types").Inputs} Inputs
 */

import { clamp, readCurve } from "./curve.js";

const [SUBGRAPH_INPUTS, SUBGRAPH_OUTPUTS] = ["-10", "-20"]; // as the host numbers a subgraph's own ends
const FURTHEST = 100; // nodes looked at from one schedule; enough for any path from it to its sampler

/** @param {HostNode} node @param {string} name */
const widget = (node, name) => node.widgets?.find((candidate) => candidate.name === name);

/** @param {HostNode} node @param {string} name */
const inputIndex = (node, name) => node.inputs?.findIndex((input) => input.name === name) ?? -1;

/** Whether another node gives an input its value. @param {HostNode} node @param {string} name */
export const isLinked = (node, name) => inputNode(node, name) !== null;

/**
 * The widget in which an input is typed: the node's own, or the one on the face of the subgraph that it is promoted to.
 *
 * @param {HostNode} node @param {string} name @returns {HostWidget | undefined}
 */
function typedIn(node, name) {
  const link = linkInto(node, name);
  if (!link || String(link.origin_id) !== SUBGRAPH_INPUTS) return widget(node, name);
  const faces = holdersOf(node.graph).map((face) => typedIn(face, face.inputs?.[link.origin_slot]?.name ?? ""));
  return faces.find((typed) => typed) ?? widget(node, name);
}

/** What an input is set to: typed, or from a number node. @param {HostNode} node @param {string} name @returns {unknown} */
function valueOf(node, name) {
  const source = inputNode(node, name);
  return source ? widget(source, "value")?.value : typedIn(node, name)?.value;
}

/** @param {HostNode} node @param {string} name @param {number} fallback */
function numberIn(node, name, fallback) {
  const value = Number(valueOf(node, name) ?? fallback);
  return Number.isFinite(value) ? value : fallback;
}

/** The schedule's inputs beside the curve, numbers brought into range. @param {HostNode} node @returns {Inputs} */
export function readInputs(node) {
  /** @param {string} name @param {number} fallback */
  const fraction = (name, fallback) => clamp(numberIn(node, name, fallback), 0, 1);
  return {
    tau_start: fraction("tau_start", 0),
    tau_end: fraction("tau_end", 0.6),
    strength: fraction("strength", 1),
    tau_ramp: fraction("tau_ramp", 0),
    tau_unit: String(valueOf(node, "tau_unit") ?? "steps"),
    pivot_frame: Math.trunc(numberIn(node, "pivot_frame", 0)),
    pivot_frames: String(valueOf(node, "pivot_frames") ?? ""),
    anchor: String(valueOf(node, "anchor") ?? "reference noise"),
    motion_compensation: numberIn(node, "motion_compensation", 0),
    hold_colours: fraction("hold_colours", 0),
  };
}

/** The curve that another node gives in place of the drawn one; null where it cannot be told. @param {HostNode} node @returns {Curve | null} */
export function linkedCurve(node) {
  const source = inputNode(node, "omega") ?? inputNode(node, "omega_curve");
  for (const { value } of source?.widgets ?? []) {
    const curve = readCurve(value);
    if (curve) return curve;
  }
  const value = source && widget(source, "value")?.value;
  return typeof value === "number" ? readCurve([[0, value]]) : null;
}

/** Set a widget as if it had been typed. @param {HostNode} node @param {string} name @param {number | string} value */
export function setValue(node, name, value) {
  const target = typedIn(node, name);
  if (!target || target.value === value) return;
  target.value = value;
  target.callback?.(value);
}

/** Whether a sampler that the schedule feeds could look in pixels, but has no VAE. @param {HostNode} node */
export function lacksVae(node) {
  /** @param {HostNode} fed */
  const takesVae = (fed) => inputIndex(fed, "vae") >= 0;
  return [...reachable(node, carriedTo)].slice(1).some((fed) => takesVae(fed) && !isLinked(fed, "vae"));
}

// What carries a schedule to where it is used. A latent carries none: what samples it further on is not this schedule's.
const CARRIERS = /^(NR_SCHEDULE|MODEL|GUIDER|\*)$/;

/**
 * Latent frames and steps of the samplers that this schedule feeds, the nearest first and each number once; nothing
 * where the graph does not say.
 *
 * @param {HostNode} node @returns {{frames: number[], steps: number[]}}
 */
export function readLengths(node) {
  if (!node.graph) return { frames: [], steps: [] }; // taken off the canvas
  const fed = [...reachable(node, carriedTo)].slice(1);
  const samplers = fed.filter((one) => !isPlot(one));
  const plots = fed.filter(isPlot); // asked only where nothing samples
  /** @param {(node: HostNode) => number | null} read */
  const all = (read) => {
    const known = samplers.flatMap((sampler) => read(sampler) ?? []);
    return [...new Set(known.length ? known : plots.flatMap((plot) => read(plot) ?? []))];
  };
  return { frames: all(framesOf), steps: all(stepsOf) };
}

/** @param {HostNode} node */
const isPlot = (node) => node.type === "NRSchedulePlot";

/** Neither muted nor bypassed. @param {HostNode} node */
const isActive = (node) => (node.mode ?? 0) === 0;

/** @param {HostNode} node */
const carriedTo = (node) =>
  (node.outputs ?? []).flatMap(({ type }, slot) =>
    CARRIERS.test(String(type)) ? targetsOf(node.graph, node.id, slot).filter(isActive) : [],
  );

/** The node and all that `neighbours` leads to, nearest first. @param {HostNode} start @param {(node: HostNode) => HostNode[]} neighbours */
function* reachable(start, neighbours) {
  const queue = [start];
  const seen = new Set(queue);
  for (let i = 0; i < queue.length && i < FURTHEST; i++) {
    yield queue[i];
    for (const next of neighbours(queue[i])) {
      if (!seen.has(next)) queue.push(next);
      seen.add(next);
    }
  }
}

/** The outermost graph and every subgraph of it. @param {HostGraph} graph  any of them @returns {HostGraph[]} */
export function allGraphs(graph) {
  const root = graph.rootGraph ?? graph;
  return [root, ...(root.subgraphs?.values() ?? [])];
}

/** The nodes that hold a subgraph, in whatever graph they lie. @param {HostGraph} graph */
function holdersOf(graph) {
  return allGraphs(graph).flatMap(({ _nodes }) => _nodes.filter((node) => node.subgraph === graph));
}

/**
 * A graph's links at one end: several times a second, so without copying them. Ids are compared as text, because one
 * frontend has numbers, the other text.
 *
 * @param {HostGraph} graph
 * @param {"origin" | "target"} end
 * @param {number | string} id
 * @param {number} slot
 */
function* linksAt(graph, end, id, slot) {
  const wanted = String(id);
  for (const link of graph.links.values())
    if (link[`${end}_slot`] === slot && String(link[`${end}_id`]) === wanted) yield link;
}

/**
 * The node that feeds an input, past the borders of subgraphs; null if none does.
 *
 * @param {HostGraph} graph
 * @param {number | string} id  of the node, or SUBGRAPH_OUTPUTS
 * @param {number} slot
 * @returns {HostNode | null}
 */
function sourceOf(graph, id, slot) {
  const link = linksAt(graph, "target", id, slot).next().value;
  if (!link) return null;
  if (String(link.origin_id) === SUBGRAPH_INPUTS) {
    const outside = holdersOf(graph).map((holder) => sourceOf(holder.graph, holder.id, link.origin_slot));
    return outside.find((node) => node !== null) ?? null;
  }
  const node = graph.getNodeById(link.origin_id);
  return node?.subgraph ? sourceOf(node.subgraph, SUBGRAPH_OUTPUTS, link.origin_slot) : (node ?? null);
}

/**
 * The nodes that an output feeds, past the borders of subgraphs.
 *
 * @param {HostGraph} graph
 * @param {number | string} id  of the node, or SUBGRAPH_INPUTS
 * @param {number} slot
 * @returns {HostNode[]}
 */
function targetsOf(graph, id, slot) {
  return [...linksAt(graph, "origin", id, slot)].flatMap(({ target_id, target_slot }) => {
    if (String(target_id) === SUBGRAPH_OUTPUTS)
      return holdersOf(graph).flatMap((holder) => targetsOf(holder.graph, holder.id, target_slot));
    const node = graph.getNodeById(target_id);
    if (node?.subgraph) return targetsOf(node.subgraph, SUBGRAPH_INPUTS, target_slot);
    return node ? [node] : [];
  });
}

/** The node inside a subgraph that an input of its holder feeds. @param {HostNode} holder @param {string} name @returns {HostNode | undefined} */
export const nodeFedBy = (holder, name) =>
  holder.subgraph && targetsOf(holder.subgraph, SUBGRAPH_INPUTS, inputIndex(holder, name))[0];

/** The input of a name where something is linked to it; most have no link, and need no search. @param {HostNode} node @param {string} name */
function linkedSlot(node, name) {
  const slot = inputIndex(node, name);
  return node.graph && node.inputs?.[slot]?.link != null ? slot : -1;
}

/** The node that gives an input its value, past the borders of subgraphs; null if none does. @param {HostNode} node @param {string} name */
function inputNode(node, name) {
  const slot = linkedSlot(node, name);
  return slot < 0 ? null : sourceOf(node.graph, node.id, slot);
}

/** @param {HostNode} node @param {string} name @returns {HostLink | undefined} */
function linkInto(node, name) {
  const slot = linkedSlot(node, name);
  return slot < 0 ? undefined : [...linksAt(node.graph, "target", node.id, slot)][0];
}

/** @param {HostNode} node */
function latentInputs(node) {
  return (node.inputs ?? []).flatMap((input, slot) => {
    const source = input.type === "LATENT" ? sourceOf(node.graph, node.id, slot) : null;
    return source ? [source] : [];
  });
}

/** @param {HostNode} node */
function framesOf(node) {
  if (isPlot(node)) return count(node, "frames");
  const source = inputNode(node, "latent_image");
  for (const latent of source ? reachable(source, latentInputs) : []) {
    const known = isActive(latent) ? latentFrames(latent) : null; // a bypassed one hands on what it is given
    if (known) return known;
  }
  return null;
}

/** @param {HostNode} node */
const stepsOf = (node) => (inputNode(node, "sigmas") ? stepsOfSigmas(node) : count(node, "steps"));

/** The steps of the noise levels that a node is given. @param {HostNode} node @returns {number | null} */
function stepsOfSigmas(node) {
  const scheduler = inputNode(node, "sigmas");
  if (!scheduler) return null;
  if (scheduler.type === "SplitSigmas") {
    const [all, first] = [stepsOfSigmas(scheduler), count(scheduler, "step")];
    if (all === null || first === null) return null;
    return linkInto(node, "sigmas")?.origin_slot === 0 ? Math.min(first, all) : Math.max(0, all - first);
  }
  return count(scheduler, "steps") ?? stepsBetween(valueOf(scheduler, "sigmas"));
}

/** The steps between noise levels that are listed in a text; null for anything else. @param {unknown} text */
function stepsBetween(text) {
  const levels = typeof text === "string" ? text.split(",").filter((level) => level.trim()) : [];
  return levels.length > 1 ? levels.length - 1 : null;
}

/** A whole number that a node was given, typed or from a number node; null if it is not known. @param {HostNode} node @param {string} name */
function count(node, name) {
  const value = valueOf(node, name);
  return typeof value === "number" && value >= 1 ? Math.round(value) : null;
}

/**
 * Latent frames of a clip in a VAE whose first latent frame is one picture, and each later one several.
 *
 * @param {number} pictures
 */
const eachLater = (pictures) => (/** @type {number} */ length) => Math.floor((length - 1) / pictures) + 1;

// Latent frames of a clip of so many pictures, by the name of the node that makes a latent or loads a VAE.
/** @type {[RegExp, (length: number) => number][]} */
const VAES = [
  [/minimax/i, (length) => 5 * Math.floor((length - 5) / 17) + 2], // each 17 pictures begin anew
  [/mochi/i, eachLater(6)],
  [/cosmos.?predict2/i, eachLater(4)],
  [/ltx|cosmos/i, eachLater(8)],
  [/wan|hunyuan|kandinsky/i, eachLater(4)],
  [/5 frames/, eachLater(5)], // the demo model, by what its latent holds
  [/svd|demo|sd[-_.]?1|v1-5|sdxl|animate|vae-ft/i, eachLater(1)],
];

/** Nodes that make a latent in the VAE that is linked to them. */
const MADE_BY_A_VAE = new Set(["NRStillVideoLatent", "NRKeyframeLatent"]);

/** @param {string} name */
const vaeOf = (name) => VAES.find(([pattern]) => pattern.test(name))?.[1] ?? null;

/** Frames of the video latent that a node makes. @param {HostNode} node */
function latentFrames(node) {
  if (/audio/i.test(node.type)) return null; // the sound that is sampled with a video
  const length = count(node, "length") ?? count(node, "video_frames") ?? count(node, "batch_size");
  return length && (vaeBehind(node)?.(length) ?? null);
}

/** @param {HostNode} node */
function vaeBehind(node) {
  if (node.type === "EmptyLatentImage") return eachLater(1);
  if (!MADE_BY_A_VAE.has(node.type)) return vaeOf(node.type);
  const loader = inputNode(node, "vae");
  if (!loader) return null;
  const files = (loader.widgets ?? []).map(({ value }) => (typeof value === "string" ? value : ""));
  return vaeOf([loader.type, ...files].join(" "));
}
