"""Curves over the frames: control points in, values out.

Points are stored, never samples, so that one curve serves a clip of any length. `js/curve_editor/curve.js` repeats this
file's arithmetic; `tests/curve_golden.json` holds both to the same numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass
from functools import cached_property

import numpy as np

from .checks import ROUNDING, as_list, as_number, quote

LINEAR = "linear"
MONOTONE_CUBIC = "monotone_cubic"
INTERPOLATIONS = (LINEAR, MONOTONE_CUBIC)
STEP_WIDTH = 1e-9  # points closer than this are a step: their secant would overflow
EXAMPLE = '{"points": [[0, 1], [0.5, 0.5], [1, 0.5]], "interpolation": "linear"}'


@dataclass(frozen=True)
class Curve:
    """A curve through control points, constant before the first and after the last.

    points: (x, y) pairs, each number in [0, 1], kept sorted by x; two points at one x are a step (right-continuous).
    interpolation: "linear" or "monotone_cubic" (never overshoots its points).
    name: the input that an error names; not kept.
    Raises ValueError, quoting the bad part, for anything else.
    """

    points: tuple[tuple[float, float], ...]
    interpolation: str = MONOTONE_CUBIC
    name: InitVar[str] = "omega_curve"

    def __post_init__(self, name: str) -> None:
        _check_interpolation(name, self.interpolation)
        object.__setattr__(self, "points", _checked_points(name, self.points))

    @classmethod
    def parse(cls, value: object, name: str = "omega_curve") -> Curve:
        """Read a curve from JSON text, from the parsed object, or from a bare list of points.

        Raises ValueError, naming the input `name` and quoting the bad part.
        """
        if isinstance(value, Curve):
            return value
        if isinstance(value, str):
            value = _from_json(name, value)
        if isinstance(value, Mapping):
            return cls(value.get("points"), value.get("interpolation", MONOTONE_CUBIC), name)  # type: ignore[arg-type]
        return cls(value, MONOTONE_CUBIC, name)  # type: ignore[arg-type]

    def at(self, x: np.ndarray) -> np.ndarray:
        """Values at positions x, any shape, as float64."""
        xs, ys = self._columns
        x = np.asarray(x, dtype=np.float64)
        right = np.searchsorted(xs, x, side="right")
        inside = (right > 0) & (right < len(xs))
        i = np.clip(right - 1, 0, max(len(xs) - 2, 0))
        edge = ys[np.clip(right - 1, 0, len(xs) - 1)]
        if len(xs) == 1:
            return edge
        width = np.diff(xs)
        hop = np.where(width > 0, width, 1.0)[i]
        t = np.clip(x - xs[i], 0.0, hop) / hop
        between = (
            ys[i] + t * (ys[i + 1] - ys[i])
            if self.interpolation == LINEAR
            else _hermite(t, ys[i], ys[i + 1], width[i], self._slopes[i], self._slopes[i + 1])
        )
        return np.where(inside, between, edge)

    def to_json(self) -> str:
        """The curve in the host's CURVE shape, as text."""
        return json.dumps({"points": [list(p) for p in self.points], "interpolation": self.interpolation})

    @cached_property
    def _columns(self) -> tuple[np.ndarray, np.ndarray]:
        xs, ys = np.array(self.points).T
        return xs, ys

    @cached_property
    def _slopes(self) -> np.ndarray:
        return monotone_slopes(*self._columns)


def resampled(values: Sequence[float], frames: int) -> np.ndarray:
    """A list of any length ≥ 1 spread over `frames` frames, float64 [frames]; one of that length is used as it is."""
    if len(values) == frames:
        return np.array(values, dtype=np.float64)
    return np.interp(np.linspace(0, 1, frames), np.linspace(0, 1, len(values)), values)


def _hermite(
    t: np.ndarray, y0: np.ndarray, y1: np.ndarray, width: np.ndarray, slope0: np.ndarray, slope1: np.ndarray
) -> np.ndarray:
    """Cubic Hermite segment, t in [0, 1]."""
    return (
        (1 + 2 * t) * (1 - t) ** 2 * y0
        + t * (1 - t) ** 2 * width * slope0
        + t**2 * (3 - 2 * t) * y1
        + t**2 * (t - 1) * width * slope1
    )


def monotone_slopes(xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Tangents of the monotone cubic through the points (Fritsch and Carlson, 1980, section 4).

    As the host's own curve widget has it: the mean of the neighbouring secants, 0 where they differ in sign, then each
    segment's pair is pulled back onto the circle of radius 3, which keeps the segment monotone. A step (two points
    closer than STEP_WIDTH) counts as a flat secant.
    """
    width = np.diff(xs)
    apart = width > STEP_WIDTH
    secant = np.where(apart, np.diff(ys) / np.where(apart, width, 1.0), 0.0)
    slope = np.concatenate([secant[:1], (secant[:-1] + secant[1:]) / 2, secant[-1:]])
    slope[1:-1][secant[:-1] * secant[1:] <= 0] = 0.0
    for i, s in enumerate(secant):
        if s == 0:
            slope[i : i + 2] = 0.0
        elif (radius := math.hypot(*(slope[i : i + 2] / s))) > 3:
            slope[i : i + 2] *= 3 / radius
    return slope


def _from_json(name: str, text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{name}: not valid JSON ({error.msg} at character {error.pos}): {quote(text)}. Expected {EXAMPLE}"
        ) from None
    except (RecursionError, ValueError):  # nested without end, or a number of thousands of digits
        raise ValueError(f"{name}: cannot be read: {quote(text)}. Expected {EXAMPLE}") from None


def _check_interpolation(name: str, interpolation: object) -> None:
    if not (isinstance(interpolation, str) and interpolation in INTERPOLATIONS):
        allowed = ", ".join(INTERPOLATIONS)
        raise ValueError(f"{name}: unknown interpolation {quote(interpolation)}. Use one of: {allowed}.")


def _checked_points(name: str, points: object) -> tuple[tuple[float, float], ...]:
    if isinstance(points, (str, bytes, Mapping)) or (pairs := as_list(points)) is None:
        raise ValueError(f"{name}: no points in {quote(points)}. Expected {EXAMPLE}")
    if not pairs:
        raise ValueError(f"{name}: the list of points is empty. Give at least one, as in {EXAMPLE}")
    return tuple(sorted((_checked_point(name, pair) for pair in pairs), key=lambda pair: pair[0]))


def _checked_point(name: str, point: object) -> tuple[float, float]:
    try:
        x, y = (as_number(v) for v in point)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        x = y = None
    if x is None or y is None:
        raise ValueError(f"{name}: {quote(point)} is not a point. A point is [x, y], two numbers.")
    if not all(-ROUNDING <= v <= 1 + ROUNDING for v in (x, y)):  # also refuses NaN and infinities
        raise ValueError(f"{name}: the point {quote(point)} lies outside the chart. x and y go from 0 to 1.")
    return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
