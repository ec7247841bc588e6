"""The joins of a video that is made of several chunks: what changes across each, against what changes beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .checks import as_wholes, quote
from .metrics import Measurement

BESIDE = 8  # steps on each side that a join is compared with: what moves there moves now


@dataclass(frozen=True)
class Join:
    """Between two chunks. picture: the later one's first picture, counted from 1. across, within: what changes from
    picture to picture there, and in the median of the steps beside it, by the names of Measurement.steps; NaN where a
    broken frame leaves it unknown."""

    picture: int
    across: dict[str, float]
    within: dict[str, float]

    def as_json(self) -> dict:
        return {
            "picture": self.picture,
            **{
                name: {"across": _plain(self.across[name]), "within": _plain(self.within[name])} for name in self.across
            },
        }


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 5)


def read_joins(value: object, pictures: int | None = None) -> tuple[int, ...]:
    """Read joins: text as in "77, 153", rising: with which picture, counted from 1, each later chunk begins.

    pictures: how many the video has, where that is known. Raises ValueError naming `joins`.
    """
    joins = as_wholes(value)
    if joins is None:
        raise ValueError(
            f"joins: got {quote(value)}. Give the number of the picture with which each later chunk begins, counted "
            "from 1, with commas between them, as in 77, 153; or nothing for a video in one piece."
        )
    last = max(joins, default=2) if pictures is None else pictures
    for join in joins:
        if not 2 <= join <= last:
            allowed = "from 2 up" if pictures is None else f"from 2 to {pictures}, the video's last"
            if pictures == 1:
                allowed = "none, since the video has one picture"
            raise ValueError(
                f"joins: no later chunk can begin with picture {join}. Pictures are counted from 1; allowed: {allowed}."
            )
    return tuple(sorted(set(joins)))


def measure_joins(video: Measurement, joins: Sequence[int]) -> list[Join]:
    """joins: as `read_joins` gives them, for a video of so many pictures."""
    steps = {**video.steps, "brightness": np.abs(video.steps["brightness"])}
    return [Join(join, *_at(steps, join - 2, [other - 2 for other in joins])) for join in joins]


def _at(steps: dict[str, np.ndarray], step: int, joins: list[int]) -> tuple[dict[str, float], dict[str, float]]:
    count = len(next(iter(steps.values())))
    beside = [i for i in range(max(0, step - BESIDE), min(count, step + BESIDE + 1)) if i not in joins]
    across = {name: float(values[step]) for name, values in steps.items()}
    return across, {name: _median_of_known(values[beside]) for name, values in steps.items()}


def _median_of_known(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
