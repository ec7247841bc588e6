"""The rectification schedule: ω over the frames, λ over the steps. All validation of a schedule lives here.

Notation of Tuning-Free Noise Rectification (arXiv 2403.02827): ω is the weight given to the pivot frame's measured
bias (1 is the loosest, 0 holds the frame to the image), τ the range of steps in which the noise is rectified.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .checks import as_list, as_number, as_wholes, check_choice, check_number, check_whole, quote
from .curve import LINEAR, Curve, resampled

STEPS = "steps"
SAMPLING_PERCENT = "sampling percent"
TAU_UNITS = (STEPS, SAMPLING_PERCENT)

REFERENCE_NOISE = "reference noise"
IMAGE = "image"
ANCHORS = (REFERENCE_NOISE, IMAGE)

FRACTIONS = ("tau_start", "tau_end", "strength", "tau_ramp", "hold_colours")
MAX_MOTION_COMPENSATION = 1.5

# The paper's weights: linear from 1 to 0.5 over the first half of the frames, then 0.5. At 16 frames the first half
# ends on frame 7 of 0..15, so this is exactly the published default there, and the same shape at any other length.
DEFAULT_CURVE = Curve(((0.0, 1.0), (7 / 15, 0.5), (1.0, 0.5)), LINEAR)

# A sampler may arrive at a grid point through exp(log(sigma)): that must not count as the step before.
STEP_TOLERANCE = 1e-3
MOST_STEPS = 10000  # that the host's samplers take


@dataclass(frozen=True)
class Schedule:
    """How firmly each frame is held to the image at each step. Immutable, comparable, printable.

    omega: ω over the clip, in [0, 1]: a Curve at x = frame / (frames - 1), or one number per frame, resampled to the
        clip's frames. Also takes what `read_omega` reads.
    tau_start, tau_end: the rectified part of sampling, fractions in [0, 1] of `tau_unit`.
    strength: λ inside τ, in [0, 1].
    tau_ramp: width of the soft edges inside τ, in [0, 1] of sampling; 0 is the paper's hard cut.
    tau_unit: "steps" (the paper's) or "sampling percent" (of the noise range, as the host's start_percent).
    anchor: "reference noise" (the paper's rule) or "image" (the anchor stays the image).
    pivot_frame: the latent frame whose bias is measured; negative counts from the end.
    motion_compensation: how far the image is carried along the motion of the prediction, in [0, 1.5]; 0 is the paper.
    hold_colours: how firmly each frame's colours are held, at every step whatever τ, in [0, 1]; 0 is the paper.
    pivot_frames: several pivots in place of `pivot_frame`; empty for that one. Also takes what `read_pivot_frames`
        reads.
    Plain numbers are cast (4.0 to 4). Raises ValueError naming the input for anything else.
    """

    omega: Curve | tuple[float, ...] = DEFAULT_CURVE
    tau_start: float = 0.0
    tau_end: float = 0.6
    strength: float = 1.0
    tau_ramp: float = 0.0
    tau_unit: str = STEPS
    anchor: str = REFERENCE_NOISE
    pivot_frame: int = 0
    motion_compensation: float = 0.0
    hold_colours: float = 0.0
    pivot_frames: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        cast = {name: check_number(name, getattr(self, name), 0, 1) for name in FRACTIONS} | {
            "omega": read_omega(self.omega),
            "tau_unit": check_choice("tau_unit", self.tau_unit, TAU_UNITS),
            "anchor": check_choice("anchor", self.anchor, ANCHORS),
            "pivot_frame": check_whole("pivot_frame", self.pivot_frame),
            "motion_compensation": check_number(
                "motion_compensation", self.motion_compensation, 0, MAX_MOTION_COMPENSATION
            ),
            "pivot_frames": read_pivot_frames(self.pivot_frames),
        }
        for name, value in cast.items():
            object.__setattr__(self, name, value)  # the way of a frozen dataclass
        if self.tau_start > self.tau_end:
            raise ValueError(
                f"tau_start: {self.tau_start:g} lies after tau_end ({self.tau_end:g}). Rectification runs from "
                "tau_start to tau_end: lower tau_start or raise tau_end."
            )

    @property
    def rectifies(self) -> bool:
        """True where the rule acts at some step."""
        return self.strength > 0 and self.tau_start < self.tau_end

    @property
    def holds_colours(self) -> bool:
        """True where colours are held, which they are at every step whatever τ."""
        return self.strength > 0 and self.hold_colours > 0

    @property
    def is_empty(self) -> bool:
        """True where the schedule changes nothing at all: sampling is then left to the host alone."""
        return not (self.rectifies or self.holds_colours)

    def omegas(self, frames: int) -> np.ndarray:
        """ω of each of `frames` ≥ 1 frames, float64 in [0, 1]."""
        if isinstance(self.omega, Curve):
            return self.omega.at(np.arange(frames) / max(frames - 1, 1))
        return resampled(self.omega, frames)

    def strength_at(self, step: float, steps: float) -> float:
        """λ at 0 ≤ `step` ≤ `steps`: `strength` in the steps i with τ_start·N ≤ i < τ_end·N.

        A place between two grid points belongs to the step that began before it, and a step is rectified as a whole: a
        sampler that asks twice in a step would else mix what is rectified with what is not.

        A ramp is read in the middle of the step, counted from the edges of the steps that are rectified, so that it
        leaves out none of them and both edges are alike. An edge at the very start or end of sampling is no edge: no
        ramp there.
        """
        step, first, end = math.floor(step + STEP_TOLERANCE), *self._whole_steps(steps)
        if not first <= step < end:
            return 0.0
        middle, ramp = step + 0.5, self.tau_ramp * steps
        rise = (middle - first) / ramp if ramp and self.tau_start > 0 else 1.0
        fall = (end - middle) / ramp if ramp and self.tau_end < 1 else 1.0
        return self.strength * min(rise, fall, 1.0)

    def has_step(self, steps: int) -> bool:
        """Whether any of so many steps lies in τ."""
        return operator.lt(*self._whole_steps(steps))

    def steps_needed(self) -> int | None:
        """The fewest steps of which one lies in τ; None where the host's most are too few."""
        return next((n for n in range(1, MOST_STEPS + 1) if self.has_step(n)), None)

    def _whole_steps(self, steps: float) -> tuple[int, int]:
        """The first step in τ, and the first one after it."""
        return math.ceil(self.tau_start * steps - STEP_TOLERANCE), math.ceil(self.tau_end * steps - STEP_TOLERANCE)

    def holds(self, frames: int, steps: int) -> np.ndarray:
        """How firmly each frame is held to the image at each step: λ times `frame_holds`, [frames, steps] in [0, 1]."""
        return np.outer(self.frame_holds(frames), [self.strength_at(i, steps) for i in range(steps)])

    def frame_holds(self, frames: int) -> np.ndarray:
        """How much of the correction each frame takes before λ, [frames] in [0, 1]: 1 - ω, and all of it for the
        pivots, which equation (1) rectifies fully whatever their ω."""
        held = 1.0 - self.omegas(frames)
        held[list(self.pivots(frames))] = 1.0
        return held

    def pivots(self, frames: int) -> tuple[int, ...]:
        """The pivots' indices in a clip of `frames` frames, in order. Raises ValueError where one lies outside."""
        if not self.pivot_frames:
            return (_index_in_clip("pivot_frame", self.pivot_frame, frames),)
        return tuple(sorted({_index_in_clip("pivot_frames", pivot, frames) for pivot in self.pivot_frames}))

    def pivot_weights(self, frames: int) -> np.ndarray:
        """How much of each pivot's bias each frame is lent, by nearness: [pivots, frames], each column adds up to 1.

        Linear between neighbouring pivots, constant before the first and after the last.
        """
        return nearness(self.pivots(frames), frames)


def nearness(places: Sequence[int], frames: int) -> np.ndarray:
    """How near each frame is to each place, [places, frames]: linear between the places, constant beyond them."""
    return np.stack([np.interp(np.arange(frames), places, alone) for alone in np.eye(len(places))])


def read_omega(value: object) -> Curve | tuple[float, ...]:
    """Read ω: one number, a list of them, or a curve (ours, or the host's raw form).

    Raises ValueError naming `omega`.
    """
    if isinstance(value, (Curve, Mapping)):
        return Curve.parse(value, "omega")
    if as_number(value) is not None:
        return (check_number("omega", value, 0, 1),)
    values = None if isinstance(value, (str, bytes)) else as_list(value)
    if values is None:
        raise ValueError(f"omega: got {quote(value)}. Give a number from 0 to 1, a list of them, or a curve.")
    if not values:
        raise ValueError("omega: the list is empty. Give at least one number from 0 to 1, or unlink the input.")
    if all(isinstance(point, (list, tuple)) for point in values):  # the host's CURVE in its first form
        return Curve.parse(values, "omega")
    return tuple(check_number(f"omega, item {i}", item, 0, 1) for i, item in enumerate(values))


def read_pivot_frames(value: object) -> tuple[int, ...]:
    """Read pivots: text as in "0, 8, -1", one whole number, or a list of them; nothing for none.

    Raises ValueError naming `pivot_frames`.
    """
    wholes = as_wholes(value)
    if wholes is None:
        raise ValueError(
            f"pivot_frames: got {quote(value)}. Give whole numbers with commas between them, as in 0, 8, -1 (-1 is the "
            "last frame), or nothing for pivot_frame alone."
        )
    return tuple(wholes)


def _index_in_clip(name: str, pivot: int, frames: int) -> int:
    if not -frames <= pivot < frames:
        raise ValueError(
            f"{name}: {pivot} lies outside the clip, which has {frames} latent frames. "
            f"Use 0 to {frames - 1}, or -1 to {-frames} to count from the end."
        )
    return pivot % frames
