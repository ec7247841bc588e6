"""Pictures at several places of a clip: each frame of the two nearest, moved towards one another.

Backward flow u shows a later picture B by reading an earlier one, A, at x + u(x). What lies at x at a share s of the
way is at y in B, and at x + s u(y) in A, if it goes straight ahead:

    (1)   y = x - (1 - s) u(y)

Pictures are [1, 3, H, W], float in [0, 1]. A place is the index of a picture in the clip.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from .checks import check_number, quote
from .flow import CLEAR, agreement, difference, far_flow, flow, guide, inside, warp
from .moved_picture import STRETCH, moved, shrunk, working_size

ROUNDS = 4  # of equation (1), each of which is nearer
STRANGE = 0.35  # squared difference of guides that the motion leaves: strangers leave .5 to 1.5, one scene .26 at most
FAINT = 1e-4  # the weight of what shows nothing, where neither shows anything


@dataclass(frozen=True, eq=False)
class Way:
    """How a picture becomes another: backward flow [1, 2, h, w] on the other's grid, and how far that agrees with it,
    [1, 1, h, w] in 0…1."""

    flow: Tensor
    agreement: Tensor

    def at(self, share: float) -> tuple[Tensor, Tensor]:
        """The flow that shows the first picture at a share of the way, by equation (1), and its agreement."""
        there = self.flow
        for _ in range(ROUNDS):
            there = warp(self.flow, (share - 1) * there, mode="bilinear")
        return share * there, warp(self.agreement, (share - 1) * there, mode="bilinear")


def way(first: Tensor, last: Tensor) -> Way | None:
    """How one picture becomes another of its size; None where they show other things."""
    width, height = working_size(first.shape[-1], first.shape[-2])
    start, seen = (guide(shrunk(picture, (height, width))) for picture in (first, last))
    u = flow(start, seen, initial=far_flow(start, seen), setting=CLEAR)
    if not (inside(u).any() and difference(start, seen, u) < STRANGE):
        return None
    return Way(u, agreement(start, seen, u))


def between(first: Tensor, last: Tensor, there: Way | None, back: Way | None, share: float) -> tuple[Tensor, Tensor]:
    """What is seen at a share of the way between two pictures, and how much of it is theirs, [1, 1, H, W].

    there, back: how the one becomes the other. Where neither shows what is seen, they are cross-faded.
    """
    faded = torch.lerp(first, last, share)
    if there is None or back is None:
        return faded, torch.zeros_like(faded[:, :1])
    one, shown = _moved_on(first, there, share)
    other, also = _moved_on(last, back, 1 - share)
    weight, others = (1 - share) * (shown + FAINT), share * (also + FAINT)
    visible = torch.maximum(shown, also)
    return torch.lerp(faded, (weight * one + others * other) / (weight + others), visible), visible


def _moved_on(picture: Tensor, towards: Way, share: float) -> tuple[Tensor, Tensor]:
    """A picture at a share of the way to another, and how much of it is seen."""
    u, agreeing = towards.at(share)
    return moved(picture, u, STRETCH, agreeing)


@dataclass(frozen=True)
class Keyframes:
    """Where pictures lie in a clip, and how firmly the video is held to each. places: rising. strengths: in [0, 1]."""

    places: tuple[int, ...]
    strengths: tuple[float, ...]
    order: tuple[int, ...]  # which of the pictures, as they were given, lies at each place

    @classmethod
    def read(cls, places: str, strengths: str, pictures: int, length: int) -> Keyframes:
        """As text: "0, 40, -1", of which -1 is the last; "1, 0.5, 1", or one strength for all.

        Raises ValueError naming the input.
        """
        wholes = [_whole(item, length) for item in _items("places", places, pictures)]
        firmly = [
            check_number("strengths", _number(item), 0, 1)
            for item in _items("strengths", strengths, pictures, one=True)
        ]
        firmly = firmly * pictures if len(firmly) == 1 else firmly
        if len(set(wholes)) < len(wholes):
            raise ValueError(f"places: {places} puts two pictures at one place of {length} frames. Give each its own.")
        order = tuple(int(i) for i in np.argsort(wholes))
        return cls(tuple(wholes[i] for i in order), tuple(firmly[i] for i in order), order)

    @classmethod
    def check(cls, places: str, strengths: str, length: int) -> None:
        """Refuse what `read` would refuse of any pictures: for what is typed, before there are pictures."""
        cls.read(places, strengths, max(len(_split(places)), 1), length)

    def strength_at(self, place: int) -> float:
        """Linear between the places, constant beyond them."""
        return float(np.interp(place, self.places, self.strengths))

    def around(self, place: int) -> tuple[int, int, float]:
        """The keyframes before and after a place, and the share of the way between them; one and the same beyond."""
        for number, (before, after) in enumerate(pairwise(self.places)):
            if before <= place <= after:
                return number, number + 1, (place - before) / (after - before)
        nearest = 0 if place < self.places[0] else len(self.places) - 1
        return nearest, nearest, 0.0


def _split(text: str) -> list[str]:
    return [item for item in re.split(r"[\s,;]+", text) if item]


def _items(name: str, text: str, pictures: int, one: bool = False) -> list[str]:
    items = _split(text)
    if len(items) == pictures or (one and len(items) == 1):
        return items
    raise ValueError(
        f"{name}: got {quote(text)} for {pictures} pictures. Give as many numbers as pictures, with commas between them"
        + (", or one for all." if one else ", as in 0, 40, -1 (-1 is the last frame).")
    )


def _number(item: str) -> float | str:
    return float(item) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", item) else item


def _whole(item: str, length: int) -> int:
    if not re.fullmatch(r"[+-]?\d{1,9}", item) or not -length <= int(item) < length:
        raise ValueError(
            f"places: {quote(item)} is no frame of this clip, which has {length}. Use 0 to {length - 1}, or -1 to "
            f"{-length} to count from the end."
        )
    return int(item) % length
