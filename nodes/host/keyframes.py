"""Clips of pictures at several places, through any of the host's VAEs."""

from __future__ import annotations

from dataclasses import dataclass

import comfy.model_management
import torch
from torch import Tensor

from ..core.devices import able
from ..core.keyframes import Keyframes, between, way
from ..core.look import latent_frame_of, pictures_of_latent_frames
from ..core.moved_picture import memory_to_follow, memory_to_move, working_size
from .going_on import GoingOn
from .log import logger
from .vae import fit_pictures, fitting_length, fitting_size, latent_frames


@dataclass(frozen=True, eq=False)
class KeyframeClip:
    """samples: the clip's latent. mask: MASK [N, H, W], how firmly it is to be held. pivot_frames: the latent frames of
    the pictures, as text. frames: IMAGE [N, H, W, 3]."""

    samples: Tensor
    mask: Tensor
    pivot_frames: str
    frames: Tensor


def keyframe_clip(
    images: Tensor, vae, places: str, strengths: str, length: int, width: int, height: int, resize: str
) -> KeyframeClip:
    """Pictures [P, H, W, 3] at places of a clip of `length` frames, moved towards one another between them.

    places, strengths: see core's Keyframes. width, height: pixels, 0 = the pictures' own. Raises ValueError naming the
    input.
    """
    length = fitting_length(vae, length)
    keyframes = Keyframes.read(places, strengths, len(images), length)
    size = fitting_size(vae, width or images.shape[2], height or images.shape[1])
    device = able(comfy.model_management.get_torch_device())
    comfy.model_management.free_memory(
        max(memory_to_follow(2, *working_size(*size)), 2 * memory_to_move(*size)), device
    )
    pictures = [fit_pictures(images[i : i + 1], *size, resize).movedim(-1, 1).to(device) for i in keyframes.order]
    going_on = GoingOn(len(pictures) - 1 + length)
    ways = []
    for first, last in zip(pictures[:-1], pictures[1:], strict=True):
        ways.append((way(first, last), way(last, first)))
        going_on.step()
    _say_what_was_not_found(keyframes, ways)
    frames = torch.empty(length, size[1], size[0], 3, device=comfy.model_management.intermediate_device())
    mask = torch.empty(frames.shape[:3], device=frames.device)
    latent_frame = latent_frame_of(pictures_of_latent_frames(length, latent_frames(vae, length)))

    def shown(place: int) -> tuple[Tensor, Tensor]:
        before, after, share = keyframes.around(place)
        # Beside a picture, in its own latent frame, hardly anything but it can be shown.
        beside = [k for k in (before, after) if latent_frame[keyframes.places[k]] == latent_frame[place]]
        known = before == after or keyframes.places[before] == place or keyframes.places[after] == place
        if known or (beside and None in ways[before]):
            nearest = min(beside or [before], key=lambda k: abs(keyframes.places[k] - place))
            return pictures[nearest], pictures[nearest].new_ones(1, 1, 1, 1)
        return between(pictures[before], pictures[after], *ways[before], share)

    for place in range(length):
        frame, visible = shown(place)
        frames[place], mask[place] = frame[0].movedim(0, -1), keyframes.strength_at(place) * visible[0, 0]
        going_on.step()
    pivots = dict.fromkeys(latent_frame[place] for place in keyframes.places)
    return KeyframeClip(vae.encode(frames), mask, ", ".join(map(str, pivots)), frames)


def _say_what_was_not_found(keyframes: Keyframes, ways: list[tuple]) -> None:
    for number, both in enumerate(ways):
        if None in both:
            logger.info(
                "images: from frame %s to frame %s the pictures show other things. They are cross-faded there, and the "
                "model is free to paint the way.", keyframes.places[number], keyframes.places[number + 1],
            )  # fmt: skip
