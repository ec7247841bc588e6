/** What the editor reads off the graph around its node, on graphs in the host's own shape (js/curve_editor/host.d.ts). */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isLinked, linkedCurve, nodeFedBy, readInputs, readLengths, setValue } from "../../js/curve_editor/graph.js";

const [MUTED, BYPASSED] = [2, 4];
const [OUTSIDE_IN, INSIDE_OUT] = [-10, -20]; // a subgraph's own ends, as the host numbers them

/** @param {string} type of the node @param {{widgets?: object, inputs?: object, outputs?: string[], mode?: number, subgraph?: object}} [parts] */
const node = (type, { widgets = {}, inputs = {}, outputs = [], ...rest } = {}) => ({
  type,
  widgets: Object.entries(widgets).map(([name, value]) => ({ name, value })),
  inputs: Object.entries(inputs).map(([name, type]) => ({ name, type, link: null })),
  outputs: outputs.map((type) => ({ name: type, type })),
  ...rest,
});

/**
 * @param {any[]} nodes numbered from 1
 * @param {[number, number, number, number][]} [links] from a node and its slot to a node and its slot
 */
function graphOf(nodes, links = []) {
  const graph = {
    _nodes: nodes,
    links: new Map(),
    getNodeById: (/** @type {number} */ id) => nodes[id - 1],
  };
  nodes.forEach((one, i) => Object.assign(one, { id: i + 1, graph }));
  links.forEach(([origin_id, origin_slot, target_id, target_slot], id) => {
    graph.links.set(id, { origin_id, origin_slot, target_id, target_slot });
    if (target_id > 0) nodes[target_id - 1].inputs[target_slot].link = id;
  });
  return graph;
}

/** Put a subgraph's insides under the graph that holds it. @param {any} root @param {any[]} insides */
function hold(root, ...insides) {
  root.subgraphs = new Map(insides.map((inside, i) => [String(i), inside]));
  for (const inside of insides) inside.rootGraph = root;
}

const schedule = (inputs = {}, widgets = {}) => node("NRSchedule", { inputs, widgets, outputs: ["NR_SCHEDULE"] });
const sampler = (steps = 20, rest = {}) =>
  node("NRKSampler", {
    inputs: { schedule: "NR_SCHEDULE", latent_image: "LATENT", steps: "INT" },
    outputs: ["LATENT"],
    widgets: { steps },
    ...rest,
  });
const latent = (type = "WanImageToVideo", widgets = { length: 81 }, rest = {}) =>
  node(type, { widgets, inputs: { samples: "LATENT" }, outputs: ["LATENT"], ...rest });

test("latent frames and steps are those of the sampler that the schedule feeds", () => {
  const { _nodes } = graphOf(
    [schedule(), sampler(30), latent()],
    [
      [1, 0, 2, 0],
      [3, 0, 2, 1],
    ],
  );
  assert.deepEqual(readLengths(_nodes[0]), { frames: [21], steps: [30] });
});

test("two samplers of different lengths are both named, the same length once", () => {
  const { _nodes } = graphOf(
    [schedule(), sampler(20), latent(), sampler(20), latent("WanImageToVideo", { length: 33 })],
    [
      [1, 0, 2, 0],
      [3, 0, 2, 1],
      [1, 0, 4, 0],
      [5, 0, 4, 1],
    ],
  );
  assert.deepEqual(readLengths(_nodes[0]), { frames: [21, 9], steps: [20] });
});

test("a muted or bypassed sampler does not count", () => {
  for (const mode of [MUTED, BYPASSED]) {
    const { _nodes } = graphOf(
      [schedule(), sampler(20, { mode }), latent()],
      [
        [1, 0, 2, 0],
        [3, 0, 2, 1],
      ],
    );
    assert.deepEqual(readLengths(_nodes[0]), { frames: [], steps: [] });
  }
});

test("a bypassed latent hands on what it is given", () => {
  const { _nodes } = graphOf(
    [schedule(), sampler(), latent("WanImageToVideo", { length: 5 }, { mode: BYPASSED }), latent()],
    [
      [1, 0, 2, 0],
      [3, 0, 2, 1],
      [4, 0, 3, 0],
    ],
  );
  assert.deepEqual(readLengths(_nodes[0]).frames, [21]);
});

test("a schedule is carried by a model and by a guider, never by a latent", () => {
  const apply = node("NRApply", { inputs: { schedule: "NR_SCHEDULE" }, outputs: ["MODEL"] });
  const guider = node("CFGGuider", { inputs: { model: "MODEL" }, outputs: ["GUIDER"] });
  const custom = node("SamplerCustomAdvanced", {
    inputs: { guider: "GUIDER", latent_image: "LATENT", sigmas: "SIGMAS" },
    outputs: ["LATENT"],
  });
  const second = node("KSampler", { inputs: { latent_image: "LATENT" }, widgets: { steps: 99 } });
  const { _nodes } = graphOf(
    [schedule(), apply, guider, custom, latent(), node("BasicScheduler", { widgets: { steps: 25 } }), second],
    [
      [1, 0, 2, 0],
      [2, 0, 3, 0],
      [3, 0, 4, 0],
      [5, 0, 4, 1],
      [6, 0, 4, 2],
      [4, 0, 7, 0],
    ],
  );
  assert.deepEqual(readLengths(_nodes[0]), { frames: [21], steps: [25] });
});

test("a plot is asked only where nothing samples", () => {
  const plot = () => node("NRSchedulePlot", { inputs: { schedule: "NR_SCHEDULE" }, widgets: { frames: 12, steps: 8 } });
  const alone = graphOf([schedule(), plot()], [[1, 0, 2, 0]]);
  assert.deepEqual(readLengths(alone._nodes[0]), { frames: [12], steps: [8] });
  const beside = graphOf(
    [schedule(), plot(), sampler(20), latent()],
    [
      [1, 0, 2, 0],
      [1, 0, 3, 0],
      [4, 0, 3, 1],
    ],
  );
  assert.deepEqual(readLengths(beside._nodes[0]), { frames: [21], steps: [20] });
});

test("a sampler in a subgraph is found from outside, and a schedule in one finds the sampler outside", () => {
  const inside = graphOf(
    [sampler(7), latent()],
    [
      [OUTSIDE_IN, 0, 1, 0],
      [2, 0, 1, 1],
    ],
  );
  const face = node("subgraph", { inputs: { schedule: "NR_SCHEDULE" }, subgraph: inside });
  const outer = graphOf([schedule(), face], [[1, 0, 2, 0]]);
  hold(outer, inside);
  assert.deepEqual(readLengths(outer._nodes[0]), { frames: [21], steps: [7] });
  assert.equal(nodeFedBy(face, "schedule"), inside._nodes[0]);

  const home = graphOf([schedule()], [[1, 0, INSIDE_OUT, 0]]);
  const holder = node("subgraph", { outputs: ["NR_SCHEDULE"], subgraph: home });
  const root = graphOf(
    [holder, sampler(9), latent()],
    [
      [1, 0, 2, 0],
      [3, 0, 2, 1],
    ],
  );
  hold(root, home);
  assert.deepEqual(readLengths(home._nodes[0]), { frames: [21], steps: [9] });
});

test("numbers count where they are typed: in the node, in a number node, on the face of a subgraph", () => {
  const linked = graphOf(
    [sampler(20), node("PrimitiveInt", { widgets: { value: 12 } }), schedule()],
    [
      [2, 0, 1, 2],
      [3, 0, 1, 0],
    ],
  );
  assert.deepEqual(readLengths(linked._nodes[2]).steps, [12]);

  const inside = graphOf([schedule({ strength: "FLOAT" }, { strength: 1 })], [[OUTSIDE_IN, 0, 1, 0]]);
  const face = node("subgraph", { inputs: { strength: "FLOAT" }, widgets: { strength: 0.25 }, subgraph: inside });
  hold(graphOf([face]), inside);
  const [promoted] = inside._nodes;
  assert.equal(readInputs(promoted).strength, 0.25);
  assert.ok(!isLinked(promoted, "strength"));
  setValue(promoted, "strength", 0.5);
  assert.equal(face.widgets[0].value, 0.5);
  assert.equal(promoted.widgets[0].value, 1);
});

test("inputs are brought into range, and what is missing is as the node's schema has it", () => {
  const { _nodes } = graphOf([schedule({}, { strength: 7, tau_start: -1, tau_end: "x", pivot_frame: -1.9 })]);
  const inputs = readInputs(_nodes[0]);
  assert.deepEqual([inputs.strength, inputs.tau_start, inputs.tau_end], [1, 0, 0.6]);
  assert.deepEqual([inputs.pivot_frame, inputs.pivot_frames, inputs.tau_unit], [-1, "", "steps"]);
});

test("a number is set as if it had been typed, and not again", () => {
  const { _nodes } = graphOf([schedule({}, { strength: 1 })]);
  /** @type {number[]} */
  const heard = [];
  _nodes[0].widgets[0].callback = (/** @type {number} */ value) => heard.push(value);
  setValue(_nodes[0], "strength", 0.5);
  setValue(_nodes[0], "strength", 0.5);
  assert.deepEqual(heard, [0.5]);
});

test("the curve that a link gives, where it can be told", () => {
  /** @param {any} source */
  const given = (source) => linkedCurve(graphOf([schedule({ omega: "*" }), source], [[2, 0, 1, 0]])._nodes[0]);
  const drawn = { points: [[0, 1]], interpolation: "linear" };
  assert.deepEqual(given(node("CurveEditor", { widgets: { curve: drawn } })), drawn);
  assert.deepEqual(given(node("PrimitiveFloat", { widgets: { value: 0.3 } }))?.points, [[0, 0.3]]);
  assert.equal(given(node("SomeList", { widgets: { text: "1, 2" } })), null);
  assert.equal(linkedCurve(graphOf([schedule({ omega: "*" })])._nodes[0]), null);
});

test("latent frames by the model's compression, and unknown for an unknown model", () => {
  const expected = /** @type {const} */ ([
    ["EmptyMochiLatentVideo", { length: 49 }, [9]],
    ["EmptyLTXVLatentVideo", { length: 97 }, [13]],
    ["CosmosImageToVideoLatent", { length: 121 }, [16]],
    ["CosmosPredict2ImageToVideoLatent", { length: 93 }, [24]],
    ["EmptyHunyuanLatentVideo", { length: 53 }, [14]],
    ["SVD_img2vid_Conditioning", { video_frames: 14 }, [14]],
    ["EmptyLatentImage", { batch_size: 16 }, [16]],
    ["SomebodysVideoLatent", { length: 49 }, []],
  ]);
  for (const [type, widgets, frames] of expected) {
    const { _nodes } = graphOf(
      [schedule(), sampler(), latent(type, widgets)],
      [
        [1, 0, 2, 0],
        [3, 0, 2, 1],
      ],
    );
    assert.deepEqual(readLengths(_nodes[0]).frames, frames, type);
  }
});

test("a still clip has the compression of its VAE, by the file's name", () => {
  const files = /** @type {const} */ ([
    ["wan_2.1_vae.safetensors", [5]],
    ["vae-ft-mse-840000.safetensors", [17]],
    ["mine.safetensors", []],
  ]);
  for (const [vae_name, frames] of files) {
    const still = node("NRStillVideoLatent", { inputs: { vae: "VAE" }, outputs: ["LATENT"], widgets: { length: 17 } });
    const { _nodes } = graphOf(
      [schedule(), sampler(), still, node("VAELoader", { widgets: { vae_name }, outputs: ["VAE"] })],
      [
        [1, 0, 2, 0],
        [3, 0, 2, 1],
        [4, 0, 3, 0],
      ],
    );
    assert.deepEqual(readLengths(_nodes[0]).frames, frames, vae_name);
  }
});

test("a still clip of the demo model has as many latent frames as what a cell of its latent holds", () => {
  const latents = /** @type {const} */ ([
    ["pixels", [16]],
    ["blocks of 4x4 pixels and 5 frames", [4]],
  ]);
  for (const [latent, frames] of latents) {
    const still = node("NRStillVideoLatent", { inputs: { vae: "VAE" }, outputs: ["LATENT"], widgets: { length: 16 } });
    const loader = node("NRLoadDemoModel", { widgets: { sampling: "flow", latent }, outputs: ["MODEL", "VAE"] });
    const { _nodes } = graphOf(
      [schedule(), sampler(), still, loader],
      [
        [1, 0, 2, 0],
        [3, 0, 2, 1],
        [4, 1, 3, 0],
      ],
    );
    assert.deepEqual(readLengths(_nodes[0]).frames, frames, latent);
  }
});

test("each model's own length of a latent frame", () => {
  const made = /** @type {const} */ ([
    ["Kandinsky5ImageToVideo", 121, 31],
    ["EmptyLTXVLatentVideo", 121, 16],
    ["MiniMaxH3ImageToVideo", 124, 37],
    ["EmptyMochiLatentVideo", 37, 7],
  ]);
  for (const [type, length, frames] of made) {
    const { _nodes } = graphOf(
      [schedule(), sampler(), latent(type, { length })],
      [
        [1, 0, 2, 0],
        [3, 0, 2, 1],
      ],
    );
    assert.deepEqual(readLengths(_nodes[0]).frames, [frames], type);
  }
});

test("sound that is sampled with a video has no say, and listed noise levels are steps", () => {
  const both = node("LTXVConcatAVLatent", {
    inputs: { audio_latent: "LATENT", video_latent: "LATENT" },
    outputs: ["LATENT"],
  });
  const custom = node("SamplerCustomAdvanced", {
    inputs: { model: "MODEL", latent_image: "LATENT", sigmas: "SIGMAS" },
    outputs: ["LATENT"],
  });
  const { _nodes } = graphOf(
    [
      schedule(),
      node("NRApply", { inputs: { schedule: "NR_SCHEDULE" }, outputs: ["MODEL"] }),
      custom,
      both,
      latent("LTXVEmptyLatentAudio", { batch_size: 1 }),
      latent("EmptyLTXVLatentVideo", { length: 121, batch_size: 1 }),
      node("ManualSigmas", { widgets: { sigmas: "1.0, 0.9, 0.4, 0.0" }, outputs: ["SIGMAS"] }),
    ],
    [
      [1, 0, 2, 0],
      [2, 0, 3, 0],
      [4, 0, 3, 1],
      [7, 0, 3, 2],
      [5, 0, 4, 0],
      [6, 0, 4, 1],
    ],
  );
  assert.deepEqual(readLengths(_nodes[0]), { frames: [16], steps: [3] });
});

test("a sampler of a part of the noise levels makes that part of the steps", () => {
  const split = node("SplitSigmas", {
    widgets: { step: 6 },
    inputs: { sigmas: "SIGMAS" },
    outputs: ["SIGMAS", "SIGMAS"],
  });
  for (const [slot, steps] of [
    [0, 6],
    [1, 14],
  ]) {
    const custom = node("SamplerCustom", {
      inputs: { model: "MODEL", latent_image: "LATENT", sigmas: "SIGMAS" },
      outputs: ["LATENT"],
    });
    const scheduler = node("BasicScheduler", { widgets: { steps: 20 }, outputs: ["SIGMAS"] });
    const apply = node("NRApply", { inputs: { schedule: "NR_SCHEDULE" }, outputs: ["MODEL"] });
    const { _nodes } = graphOf(
      [schedule(), apply, custom, structuredClone(split), scheduler],
      [
        [1, 0, 2, 0],
        [2, 0, 3, 0],
        [4, slot, 3, 2],
        [5, 0, 4, 0],
      ],
    );
    assert.deepEqual(readLengths(_nodes[0]).steps, [steps]);
  }
});

test("a node that was taken off the canvas knows nothing", () => {
  assert.deepEqual(readLengths({ ...schedule(), graph: null }), { frames: [], steps: [] });
});
