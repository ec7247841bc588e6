"""Pictures moved on the host's device, with its progress bar and its previews."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import comfy.model_management
import numpy as np
import torch
from comfy_api.latest import io, ui
from torch import Tensor

from ..core.camera import CameraMove
from ..core.devices import able
from ..core.drag import FAINT, drag_flow, dragged
from ..core.moved_picture import (
    MIRROR,
    VIDEO,
    WORKING_SIZE,
    Later,
    follow,
    memory_to_follow,
    memory_to_move,
    moved,
    shrunk,
    working_size,
)
from ..core.plots import plot_flow
from .film import save_film
from .going_on import GoingOn
from .log import logger, say_if_odd
from .vae import CENTER_CROP, STRETCH, fit_mask_like, fit_pictures, scale_to_fit

HEAVY = 4 * 2**30  # bytes of frames above which a hint is given
# Steps that a frame is worth, by the time it takes: to be fitted and followed, moved, drawn (in two rounds), shown.
FOLLOWED, MOVED, DRAWN, SHOWN = 1.0, 1.0, 0.3, 0.2


@dataclass(frozen=True, eq=False)
class MovedClip:
    """frames: IMAGE [N, H, W, 3]. visible: MASK [N, H, W], 0 where the picture does not say what is seen. flow: the
    motion as pictures, IMAGE [N, h, w, 3], the longer side WORKING_SIZE pixels, so that its arrows can be told."""

    frames: Tensor
    visible: Tensor
    flow: Tensor
    going_on: GoingOn

    def preview(self, cls: type[io.ComfyNode]) -> ui.SavedImages:
        """The moving picture, and its motion beside it, as an animation in the host's temp folder."""
        return ui.SavedImages([save_film(self._shown, len(self.frames), "moved", cls)], is_animated=True)

    def _shown(self, i: int) -> Tensor:
        self.going_on.step(SHOWN)
        small = shrunk(self.frames[i : i + 1].movedim(-1, 1), self.flow.shape[1:3])[0].movedim(0, -1)
        return torch.cat([small, self.flow[i]], 1)


def move_like_video(image: Tensor, video: Tensor, amount: float, length: int, fill: str) -> MovedClip:
    """The picture [1, H, W, 3] moved like a video [N, h, w, 3], fitted to its shape, from the first frame on.

    amount: how many times as far. length: frames of the clip, 0 = the video's. fill: see
    core's `moved`. Raises ValueError naming the input.
    """
    _check_one(image)
    length = length or video.shape[0]
    work = _Work(image, length, followed=len(video))

    def fitted(i: int) -> Tensor:
        return fit_pictures(video[i : i + 1], *work.size, CENTER_CROP).movedim(-1, 1).to(work.device)

    with work.going_on.part(FOLLOWED * len(video)) as after_each:
        motion = follow(Later(len(video), lambda i: fitted(i)[0]), after_level=after_each)
    _say_what_was_found(len(video), motion.cut, motion.flow)
    nearest = torch.linspace(0, len(video) - 1, length).round().long().tolist()

    def frame(i: int) -> tuple[Tensor, Tensor]:
        own, here = fitted(nearest[i]) if fill == VIDEO else None, motion.over(length, slice(i, i + 1))
        return moved(work.picture(), here.flow, fill, here.agreement, amount, own, after_band=work.going_on.ask)

    return work.clip(frame, lambda i: amount * motion.over(length, slice(i, i + 1)).flow[0])


def move_camera(image: Tensor, shares: list[float], move: CameraMove, mask: Tensor | None = None) -> MovedClip:
    """The picture [1, H, W, 3], or each frame of a clip [N, H, W, 3], as a moving camera films it; beyond its edges its
    mirror image.

    shares: how much of the move each of N frames has seen. mask: MASK [1 or N, h, w] of what is known of the pictures;
    None for all. Raises ValueError naming the input.
    """
    for name, given in (("image", image), ("mask", mask)):
        if given is not None and len(given) not in (1, len(shares)):
            raise ValueError(
                f"{name}: got {len(given)}, and length is {len(shares)}. Give one, or one for each frame of the clip."
            )
    work = _Work(image, len(shares))
    known = None if mask is None else fit_mask_like(image, mask, image.shape[2], image.shape[1], STRETCH)

    def flow(size: tuple[int, int], i: int) -> Tensor:
        return move.flow(*size, shares[i])

    def frame(i: int) -> tuple[Tensor, Tensor]:
        u = flow((image.shape[2], image.shape[1]), i).to(work.device)
        if known is None:
            return moved(work.picture(i), u, MIRROR, after_band=work.going_on.ask)
        with_known = torch.cat([work.picture(i), known[i % len(known)].to(u)[None, None]], 1)
        filmed, inside = moved(with_known, u, MIRROR, after_band=work.going_on.ask)
        return filmed[:, :3], inside * filmed[:, 3:]

    return work.clip(frame, lambda i: flow(work.size, i)[0])


def drag_parts(image: Tensor, part: Tensor, ways: np.ndarray, width: int, height: int, resize: str) -> MovedClip:
    """The picture [1, H, W, 3] with parts of it dragged along paths, fitted to width x height (0 = its own) first.

    part: MASK [P, h, w] over the picture, which is fitted as it is. ways: [P, N, 2], how far each part is from its
    place at each frame, in pixels of the given picture. Raises ValueError naming the input.
    """
    _check_one(image)
    size = width or image.shape[2], height or image.shape[1]
    parts, shown = (fit_mask_like(image, mask, *size, resize, "part")[:, None] for mask in (part, None))
    for i, mask in enumerate(parts, 1):
        if not (mask >= FAINT).any():
            raise ValueError(f"part: mask {i} is black all over the frame. Paint white what is to be moved.")
    scaled = ways * scale_to_fit((image.shape[2], image.shape[1]), size, resize)
    work = _Work(fit_pictures(image, *size, resize), ways.shape[1])
    small, (parts, shown) = shrunk(parts, work.size[::-1]), (mask.to(work.device) for mask in (parts, shown))
    smaller = scaled * [drawn / full for drawn, full in zip(work.size, size, strict=True)]
    return work.clip(
        lambda i: dragged(work.picture(), parts, scaled[:, i], shown, after_part=work.going_on.ask),
        lambda i: drag_flow(small, smaller[:, i]),
    )


class _Work:
    """One picture or a clip's own, `length` times moved: where it is computed, how it is shown, and whether to go on.

    followed: frames of a video that is followed first.
    """

    def __init__(self, image: Tensor, length: int, followed: int = 0):
        width, height = image.shape[2], image.shape[1]
        if (bytes_needed := 4 * 4 * length * width * height) > HEAVY:
            logger.warning(
                "image: %s frames of %s x %s take %.1f GB of memory. Scale the picture down to the video's size first.",
                length, width, height, bytes_needed / 1e9,
            )  # fmt: skip
        say_if_odd("image", width, height)
        self.size, self.length = working_size(width, height), length
        self.device = able(comfy.model_management.get_torch_device())
        self.kept = comfy.model_management.intermediate_device()
        needed = max(memory_to_follow(followed, *self.size), memory_to_move(width, height))
        if self.kept == self.device:
            needed += bytes_needed
        comfy.model_management.free_memory(needed, self.device)
        self.pictures = image.movedim(-1, 1)
        self.going_on = GoingOn(FOLLOWED * followed + (MOVED + 2 * DRAWN + SHOWN) * length)

    def picture(self, i: int = 0) -> Tensor:
        """What frame i is made of, [1, 3, H, W], on the device: the one picture, or the clip's own."""
        return self.pictures[i % len(self.pictures)][None].to(self.device)

    def clip(self, frame: Callable[[int], tuple[Tensor, Tensor]], flow: Callable[[int], Tensor]) -> MovedClip:
        """Every frame and what is visible in it, on the host's device for results; and its motion drawn."""
        height, width = self.pictures.shape[-2:]
        frames = torch.empty(self.length, height, width, 3, device=self.kept)
        visible = torch.empty(self.length, height, width, device=self.kept)
        for i in range(self.length):
            picture, shown = frame(i)
            frames[i], visible[i] = picture[0].movedim(0, -1), shown[0, 0]
            self.going_on.step(MOVED)
        scale = WORKING_SIZE / max(width, height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        drawn = plot_flow(flow, self.length, size, after_frame=lambda: self.going_on.step(DRAWN))
        return MovedClip(frames, visible, drawn.to(self.kept), self.going_on)


def _check_one(image: Tensor) -> None:
    if len(image) > 1:
        raise ValueError(f"image: got {len(image)} pictures. One picture is moved: take one out of the batch.")


def _say_what_was_found(frames: int, cut: int | None, flow: Tensor) -> None:
    if cut is not None:
        logger.warning(
            "video: frame %s begins another shot, or moves too fast to be followed. The picture moves as in the first "
            "%s of %s frames and then stays where it is. Give one shot only.", cut + 1, cut, frames,
        )  # fmt: skip
    if not flow.any():
        logger.warning("video: nothing was found to move in it, so the picture stands still.")
