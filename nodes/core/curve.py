"""Curves over the frames: control points in, values out.

Points are stored, never samples, so that one curve serves a clip of any length. `js/curve_editor/curve.js` repeats this
file's arithmetic; `tests/curve_golden.json` holds both to the same numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

LINEAR = "linear"
MONOTONE_CUBIC = "monotone_cubic"
INTERPOLATIONS = (LINEAR, MONOTONE_CUBIC)
STEP_WIDTH = 1e-9  # points closer than this are a step: their secant would overflow
EXAMPLE = '{"points": [[0, 1], [0.5, 0.5], [1, 0.5]], "interpolation": "linear"}'


@dataclass(frozen=True)
class Curve:
    """A curve through control points, constant before the first and after the last.

    points: (x, y) pairs sorted by x, each number in [0, 1]; two points at one x are a step (right-continuous).
    interpolation: "linear" or "monotone_cubic" (never overshoots its points).
    """

    points: tuple[tuple[float, float], ...]
    interpolation: str = MONOTONE_CUBIC

    @classmethod
    def parse(cls, value: object) -> Curve:
        """Read a curve from JSON text, from the parsed object, or from a bare list of points.

        Raises ValueError, naming `omega_curve` and quoting the bad part.
        """
        if isinstance(value, Curve):
            return value
        if isinstance(value, str):
            value = _from_json(value)
        if isinstance(value, Mapping):
            interpolation = value.get("interpolation", MONOTONE_CUBIC)
            points = value.get("points")
        else:
            interpolation, points = MONOTONE_CUBIC, value
        if interpolation not in INTERPOLATIONS:
            raise ValueError(
                f"omega_curve: unknown interpolation {interpolation!r}. Use one of: {', '.join(INTERPOLATIONS)}."
            )
        return cls(_checked_points(points), interpolation)

    def at(self, x: np.ndarray) -> np.ndarray:
        """Values at positions x, any shape, as float64."""
        xs, ys = (np.array(column) for column in zip(*self.points, strict=True))
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
            else _hermite(t, ys[i], ys[i + 1], width[i], *(_slopes(xs, ys)[i + k] for k in (0, 1)))
        )
        return np.where(inside, between, edge)

    def to_json(self) -> str:
        """The curve in the host's CURVE shape, as text."""
        return json.dumps({"points": [list(p) for p in self.points], "interpolation": self.interpolation})


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


def _slopes(xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
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


def _from_json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"omega_curve: not valid JSON ({error.msg} at character {error.pos}): {_quote(text)}. Expected {EXAMPLE}"
        ) from None
    except RecursionError:
        raise ValueError(f"omega_curve: nested too deeply: {_quote(text)}. Expected {EXAMPLE}") from None


def _checked_points(points: object) -> tuple[tuple[float, float], ...]:
    if isinstance(points, (str, bytes, Mapping)) or not isinstance(points, Iterable):
        raise ValueError(f"omega_curve: no points in {_quote(points)}. Expected {EXAMPLE}")
    pairs = tuple(_checked_point(point) for point in points)
    if not pairs:
        raise ValueError(f"omega_curve: the list of points is empty. Give at least one, as in {EXAMPLE}")
    return tuple(sorted(pairs, key=lambda pair: pair[0]))


def _checked_point(point: object) -> tuple[float, float]:
    try:
        x, y = (number(v) for v in point)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise ValueError(f"omega_curve: {_quote(point)} is not a point. A point is [x, y], two numbers.") from None
    if not (0 <= x <= 1 and 0 <= y <= 1):  # also refuses NaN and infinities
        raise ValueError(f"omega_curve: the point {_quote(point)} lies outside the chart. x and y go from 0 to 1.")
    return x, y


def number(value: object) -> float:
    """A plain number as a float; text and truth values are refused (TypeError)."""
    if isinstance(value, (str, bytes, bool)):
        raise TypeError(f"{value!r} is not a number")
    return float(value)  # type: ignore[arg-type]


def _quote(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return repr(text if len(text) <= 80 else text[:77] + "...")
