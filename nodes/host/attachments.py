"""What travels in a LATENT beside its samples, and what it was made for.

The host's nodes copy keys that they do not know, so noise and anchors arrive at places where they do not belong: behind
a flip, a repeat, an upscale, another sampler. Each therefore travels with a fingerprint of the samples that it was made
for, and is used only with those.
"""

from __future__ import annotations

import hashlib

import comfy.utils
from comfy.nested_tensor import NestedTensor
from torch import Tensor

from .log import logger

REFERENCE_NOISE = "reference_noise"  # unit noise that Noise Image Latent sends along: a Tensor
HANDOVER = "rectification_anchor"  # where a stage with leftover noise stopped: a Handover
CARRIED = "carried_along"  # what Carry Picture moved these samples along: a Motion, in latent cells
WORDS = {CARRIED: "motion", REFERENCE_NOISE: "reference noise", HANDOVER: "anchor of an earlier stage"}


def fingerprint(samples: Tensor) -> str:
    """The same for the same numbers in the same shape, on any device and in any precision that holds them."""
    video = video_samples(samples).detach().float().cpu().contiguous()
    return f"{tuple(video.shape)} {hashlib.blake2b(video.numpy().data, digest_size=16).hexdigest()}"


def video_samples(samples) -> Tensor:
    """The video of a latent that may hold several (a nested one: video first, then sound)."""
    return samples.unbind()[0] if samples.is_nested else samples


def unpacked(samples: Tensor, like: Tensor):
    """Latents that lie packed in one, [B, 1, N], as several, if those of `like` are."""
    if not like.is_nested or samples.is_nested:
        return samples
    return NestedTensor(comfy.utils.unpack_latents(samples, [part.shape for part in like.unbind()]))


def attach(latent: dict, key: str, value) -> dict:
    """The LATENT with `value` under `key`, marked as made for its samples."""
    return {**latent, key: value, f"{key}_for": fingerprint(latent["samples"])}


def attached(latent: dict, key: str):
    """What travels under `key`, or None where nothing does or where it was made for other samples: the log says so."""
    value = latent.get(key)
    if value is None:
        return None
    if latent.get(f"{key}_for", fingerprint(latent["samples"])) == fingerprint(latent["samples"]):
        return value
    logger.info("The %s that came with the latent was made for other samples, and is not used.", WORDS[key])
    return None


def detached(latent: dict) -> dict:
    """The LATENT without what the pack attached."""
    ours = {key for attachment in WORDS for key in (attachment, f"{attachment}_for")}
    return {key: value for key, value in latent.items() if key not in ours}
