/** What the editor's modules hand to one another. Depends on nothing. */

/** x and y, both in [0, 1]. */
export type Point = readonly [number, number];

export type Interpolation = "linear" | "monotone_cubic";

/** Constant before the first point and after the last; two points at one x are a step (right-continuous). */
export interface Curve {
  readonly points: readonly Point[];
  readonly interpolation: Interpolation;
}

/** The part of sampling that is rectified, and how strongly: as fractions of the steps, and λ. */
export interface Tau {
  tau_start: number;
  tau_end: number;
  strength: number;
  tau_ramp: number;
}

/** The schedule's inputs beside the curve, as they stand. */
export interface Inputs extends Tau {
  tau_unit: string;
  pivot_frame: number;
  pivot_frames: string;
  anchor: string;
  motion_compensation: number;
  hold_colours: number;
}

/** A whole schedule to start from. */
export interface Preset extends Tau {
  curve: Curve;
  anchor: string;
  motion_compensation: number;
}

/** Frames or steps. */
export interface Length {
  count: number; // what is drawn
  known: readonly number[]; // what the graph says, the nearest sampler's first; none where it does not say
}

/** A pivot that is none, in the words of the input that it stands in. */
export interface BadPivot {
  input: "pivot_frame" | "pivot_frames";
  pivot: number | null; // null: the text cannot be read
}

/** Where a pointer is: x and y in [0, 1] of a box, y upwards. */
export interface Place {
  box: "omega" | "tau" | "heat";
  x: number;
  y: number;
}

/** In the widget's own pixels. */
export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Layout {
  width: number;
  height: number;
  omega: Box;
  tau: Box;
  heat: Box;
}

/** All that the view draws. */
export interface State {
  curve: Curve;
  omegas: readonly number[]; // of each frame
  holds: readonly number[]; // of each frame, before λ
  strengths: readonly number[]; // λ of each step
  pivots: readonly number[]; // their frames, in order
  inputs: Inputs;
  frames: Length;
  steps: Length;
  preset: string | null; // the name of the whole schedule that is set
  omegaSource: "drawn" | "linked" | "unknown"; // linked: and the curve is what the link gives; unknown: as far as we can tell
  fixed: readonly string[]; // inputs that a link decides, not the editor
  problem: { key: string; values: Record<string, string | number> } | null; // what keeps the schedule from running
  dragged: string | null; // the handle under way
  pointed: Place | null; // the place under the pointer
  notice: string | null; // key of a text that stays until the next edit
}
