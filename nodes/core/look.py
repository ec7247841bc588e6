"""A look: pictures carried in pixels along the motion of a video, and what of that motion is seen in latent frames.

Behind a VAE a latent cell holds many pixels of several pictures. There neither can motion be told finely, nor a latent
be moved by parts of a cell. So the pictures themselves are moved, along the flow of the decoded prediction, by the
terms of equation (3) in carry.py: b_pf and c_pf, with pictures for frames.

Pictures are [1, 3, H, W] and clips [N, 3, H, W], float in [0, 1]. Places are indices of pictures in the clip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .carry import Motion
from .devices import where_able
from .flow import DRAFT
from .frames import CHUNK, pictures_in
from .moved_picture import Followed, Later, follow, moved

UNSEEN = 1e-4  # the weight of a pivot that shows nothing: where none shows anything, the nearest one's fill is seen


def pictures_of_latent_frames(pictures: int, frames: int) -> list[int]:
    """How many of a clip's pictures each of its latent frames holds. Raises ValueError where no video VAE cuts so."""
    if pictures == frames:
        return [1] * frames
    for chunk in (frames, CHUNK):
        alone = -(-frames // chunk)  # pictures that are a latent frame by themselves
        if pictures > frames > alone and (pictures - alone) % (frames - alone) == 0:
            return pictures_in(frames, (pictures - alone) // (frames - alone), chunk)
    raise ValueError(f"vae: it makes {pictures} pictures of {frames} latent frames, which is no video VAE's way.")


def latent_frame_of(held: Sequence[int]) -> list[int]:
    """Which latent frame each picture is in. held: how many each has."""
    return [frame for frame, pictures in enumerate(held) for _ in range(pictures)]


def place_of(frame: int, held: Sequence[int]) -> int:
    """Which picture a latent frame stands for: the clip's first or last one, else the middle one of its own."""
    if frame == len(held) - 1 and frame > 0:
        return sum(held) - 1
    return sum(held[:frame]) + held[frame] // 2 * (frame > 0)


def followed_from(video: Later, place: int, after_level: Callable[[], None]) -> Followed:
    """The motion of a prediction from any of its pictures on, in both directions. It is soft and early: details that it
    shows to move are none."""
    count = len(video)
    later = follow(Later(count - place, lambda i: video[place + i]), after_level, DRAFT)
    if place == 0:
        return later
    earlier = follow(Later(place + 1, lambda i: video[place - i]), after_level, DRAFT)

    def joined(before: Tensor, after: Tensor) -> Tensor:
        return torch.cat([before.flip(0)[:-1], after])

    return Followed(joined(earlier.flow, later.flow), joined(earlier.agreement, later.agreement))


@dataclass(frozen=True, eq=False)
class Pivot:
    """A picture [1, 3, H, W] that is known, the place where it is, its share in each picture of the clip [N], and the
    motion from there."""

    picture: Tensor
    place: int
    share: np.ndarray
    motion: Followed


def carried(
    i: int, pivots: Sequence[Pivot], fill: str, amount: float, own: Tensor, after_band: Callable[[], None]
) -> tuple[Tensor, list[Tensor]]:
    """Picture i of the clip [1, 3, H, W], and how much of it each pivot shows, [1, 1, H, W] each.

    fill, own: see moved_picture.moved. amount: how far along the motion.
    """
    blended, total, shown = torch.zeros_like(own), torch.zeros_like(own[:, :1]), []
    for pivot in pivots:
        if pivot.share[i] == 0:
            shown.append(torch.zeros_like(own[:, :1]))
            continue
        here, agreeing = pivot.motion.flow[i : i + 1], pivot.motion.agreement[i : i + 1]
        frame, visible = moved(pivot.picture, here, fill, agreeing, amount, own, after_band)
        shown.append(visible)
        if pivot.share[i] == 1:
            blended, total = frame, torch.ones_like(total)
            continue
        weight = float(pivot.share[i]) * (visible + UNSEEN)
        blended, total = blended + weight * frame, total + weight
    return blended / total, shown


class LatentMotion:
    """The motion of a clip in latent cells, as `Motion` has it, put together picture by picture.

    held: pictures of each latent frame. size: of the latent's grid (height, width).
    """

    def __init__(self, held: Sequence[int], size: tuple[int, int], pivots: int):
        self.held, self.size = held, size
        self.visible: list[list[Tensor]] = [[] for _ in range(pivots)]

    def add(self, shown: Sequence[Tensor]) -> None:
        """What the next picture shows of each pivot's, [1, 1, H, W] each."""
        for kept, visible in zip(self.visible, shown, strict=True):
            kept.append(self._on_grid(visible))

    def of(self, pivots: Sequence[Pivot], amount: float) -> Motion:
        """Of one video, per pivot [1, frames, 2 or 1, h, w]: means over the pictures of each latent frame."""
        flows = [self._by_frames(self._in_cells(amount * pivot.motion.flow)) for pivot in pivots]
        return Motion(flows, [self._by_frames(torch.cat(visible)) for visible in self.visible], 0.0)

    def _in_cells(self, u: Tensor) -> Tensor:
        scale = u.new_tensor([self.size[1] / u.shape[-1], self.size[0] / u.shape[-2]]).reshape(2, 1, 1)
        return self._on_grid(u) * scale

    def _on_grid(self, pictures: Tensor) -> Tensor:
        return where_able(torch.nn.functional.interpolate, pictures, size=self.size, mode="area")

    def _by_frames(self, pictures: Tensor) -> Tensor:
        return torch.stack([part.mean(0) for part in pictures.split(list(self.held))])[None]
