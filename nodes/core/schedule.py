"""The rectification schedule: ω over the frames, λ over the steps. All validation of a schedule lives here.

Notation of Tuning-Free Noise Rectification (arXiv 2403.02827): ω is the weight given to the pivot frame's measured
bias (1 is the loosest, 0 holds the frame to the image), τ the range of steps in which the noise is rectified.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from .curve import LINEAR, MONOTONE_CUBIC, Curve, number

STEPS = "steps"
SAMPLING_PERCENT = "sampling percent"
TAU_UNITS = (STEPS, SAMPLING_PERCENT)

REFERENCE_NOISE = "reference noise"
IMAGE = "image"
ANCHORS = (REFERENCE_NOISE, IMAGE)

# The paper's weights: linear from 1 to 0.5 over the first half of the frames, then 0.5. At 16 frames the first half
# ends on frame 7 of 0..15, so this is exactly the published default there, and the same shape at any other length.
DEFAULT_CURVE = Curve(((0.0, 1.0), (7 / 15, 0.5), (1.0, 0.5)), LINEAR)

# A sampler may arrive at a grid point through exp(log(sigma)): that must not count as the step before.
STEP_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Schedule:
    """How firmly each frame is held to the image at each step. Immutable, comparable, printable.

    curve: ω over the clip, x = frame / (frames - 1).
    omega: explicit ω per frame, resampled to the clip's frames; wins over the curve.
    tau_start, tau_end: the rectified part of sampling, fractions in [0, 1] of `tau_unit`.
    strength: λ inside τ, in [0, 1].
    tau_ramp: width of the soft edges inside τ, in [0, 1] of sampling; 0 is the paper's hard cut.
    tau_unit: "steps" (the paper's) or "sampling percent" (of the noise range, as the host's start_percent).
    anchor: "reference noise" (the paper's rule) or "image" (the anchor stays the image).
    pivot_frame: the latent frame whose bias is measured; negative counts from the end.
    Raises ValueError naming the input for anything else.
    """

    curve: Curve = DEFAULT_CURVE
    tau_start: float = 0.0
    tau_end: float = 0.6
    strength: float = 1.0
    tau_ramp: float = 0.0
    tau_unit: str = STEPS
    anchor: str = REFERENCE_NOISE
    pivot_frame: int = 0
    omega: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("tau_start", "tau_end", "strength", "tau_ramp"):
            _check_fraction(name, getattr(self, name))
        if self.tau_start > self.tau_end:
            raise ValueError(
                f"tau_start: {self.tau_start:g} lies after tau_end ({self.tau_end:g}). Rectification runs from "
                "tau_start to tau_end: lower tau_start or raise tau_end."
            )
        check_choice("tau_unit", self.tau_unit, TAU_UNITS)
        check_choice("anchor", self.anchor, ANCHORS)

    @property
    def is_empty(self) -> bool:
        """True where the schedule changes nothing: sampling is then left to the host alone."""
        return self.strength == 0 or self.tau_start == self.tau_end

    def omegas(self, frames: int) -> np.ndarray:
        """ω of each of `frames` ≥ 1 frames, float64 in [0, 1]."""
        x = np.arange(frames) / max(frames - 1, 1)
        if self.omega is None:
            return self.curve.at(x)
        if len(self.omega) == frames:
            return np.array(self.omega)
        return np.interp(x, np.linspace(0, 1, len(self.omega)), self.omega)

    def strength_at(self, step: float, steps: float) -> float:
        """λ at step 0 ≤ `step` ≤ `steps`, which need not be whole: `strength` while τ_start·N ≤ step < τ_end·N.

        A ramp is read in the middle of the step, so that its first step already counts and both edges are alike. An
        edge at the very start or end of sampling is no edge: no ramp there.
        """
        start, end, ramp = self.tau_start * steps, self.tau_end * steps, self.tau_ramp * steps
        if not start - STEP_TOLERANCE <= step < end - STEP_TOLERANCE:
            return 0.0
        middle = step + 0.5
        rise = (middle - start) / ramp if ramp and self.tau_start > 0 else 1.0
        fall = (end - middle) / ramp if ramp and self.tau_end < 1 else 1.0
        return self.strength * max(0.0, min(rise, fall, 1.0))

    def holds(self, frames: int, steps: int) -> np.ndarray:
        """How firmly each frame is held to the image at each step, [frames, steps] in [0, 1]: λ_i (1 - ω_f), and λ_i
        for the pivot, which equation (1) rectifies fully whatever its ω."""
        held = 1.0 - self.omegas(frames)
        held[self.pivot(frames)] = 1.0
        return np.outer(held, [self.strength_at(i, steps) for i in range(steps)])

    def pivot(self, frames: int) -> int:
        """The pivot's index in a clip of `frames` frames. Raises ValueError where it lies outside."""
        if not -frames <= self.pivot_frame < frames:
            raise ValueError(
                f"pivot_frame: {self.pivot_frame} lies outside the clip, which has {frames} latent frames. "
                f"Use 0 to {frames - 1}, or -1 to {-frames} to count from the end."
            )
        return self.pivot_frame % frames


def read_omega(value: object) -> Curve | tuple[float, ...]:
    """Read what is linked to `omega`: one number, a list of them, or a curve of the host (object or its raw form).

    Raises ValueError naming `omega`.
    """
    if hasattr(value, "points"):  # the host's CURVE object: it evaluates itself, but only we know the frames
        interpolation = LINEAR if type(value).__name__.startswith("Linear") else MONOTONE_CUBIC
        return _omega_curve({"points": value.points, "interpolation": interpolation})
    if isinstance(value, Mapping):
        return _omega_curve(value)
    values = list(value) if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else [value]
    if not values:
        raise ValueError("omega: the list is empty. Give at least one number from 0 to 1, or unlink the input.")
    return tuple(_checked_omega(i, v) for i, v in enumerate(values))


def _omega_curve(value: object) -> Curve:
    try:
        return Curve.parse(value)
    except ValueError as error:
        raise ValueError(str(error).replace("omega_curve", "omega", 1)) from None


def check_choice(name: str, value: object, allowed: Iterable[str]) -> None:
    """Raise a ValueError that names the input unless `value` is one of `allowed`."""
    allowed = tuple(allowed)
    if value not in allowed:
        raise ValueError(f"{name}: {value!r} is not a choice. Use one of: {', '.join(allowed)}.")


def _checked_omega(index: int, value: object) -> float:
    try:
        omega = number(value)
    except (TypeError, ValueError):
        raise ValueError(f"omega: item {index} is {value!r}, not a number. Each ω is a number from 0 to 1.") from None
    if not 0 <= omega <= 1:
        raise ValueError(f"omega: item {index} is {omega:g}. Each ω goes from 0 (held to the image) to 1 (freest).")
    return omega


def _check_fraction(name: str, value: object) -> None:
    try:
        good = math.isfinite(number(value)) and 0 <= number(value) <= 1
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ValueError(f"{name}: got {value!r}. Give a number from 0 to 1.")
