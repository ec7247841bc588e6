"""Still clips through any of the host's VAEs."""

from __future__ import annotations

from collections.abc import Callable

import comfy.utils
import torch
from torch import Tensor

from .log import logger, say_if_odd

CENTER_CROP = "center crop"
STRETCH = "stretch"
PAD = "pad"
RESIZES = (CENTER_CROP, STRETCH, PAD)


def still_video_latent(
    vae,
    image: Tensor,
    length: int,
    width: int,
    height: int,
    resize: str,
    end_image: Tensor | None = None,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The latent of a clip in which nothing moves, or that cross-fades to `end_image`; and its mask.

    image: [1, H, W, 3], or a video that is encoded as it is: [N, H, W, 3] with N = length, or what is left of length
    when it is rounded down to what fits the VAE. width, height: pixels, 0 = the image's own. mask: MASK [N, h, w] of
    these pictures, white where they are to be followed; None for all over. Returns [1, C, T, h, w] from a 3-D VAE and
    [length, C, h, w] from a 2-D one; and the mask at the clip's size, black where pictures were padded. Raises
    ValueError naming the input.
    """
    if getattr(vae, "output_channels", 3) < 3 or getattr(vae, "latent_dim", 2) == 1:
        raise ValueError("vae: this one is for sound or shapes, not for pictures. Link the video model's VAE.")
    fitting = fitting_length(vae, length)
    if image.shape[0] not in (1, fitting, length):
        raise ValueError(
            f"image: a batch of {image.shape[0]} pictures. Give one picture, or exactly `length` ({length}) of them to "
            "encode as a video."
        )
    if end_image is not None and (image.shape[0] > 1 or end_image.shape[0] > 1):
        raise ValueError("end_image: a cross-fade goes from one picture to one picture. Give single pictures to both.")
    size = fitting_size(vae, width or image.shape[2], height or image.shape[1])
    say_if_odd("width and height", *size)
    pictures = fit_pictures(image[:fitting], *size, resize)
    if end_image is not None:
        pictures = _cross_fade(pictures, fit_pictures(end_image, *size, resize), fitting)
    fitted_mask = fit_mask_like(image, mask, *size, resize)[:fitting]
    if not _holds_video(vae):
        latent = vae.encode(pictures)
        latent = latent.expand(fitting, *latent.shape[1:]).clone() if latent.shape[0] == 1 else latent
        return latent, fitted_mask
    # expand() repeats without copying: the clip's pixels exist once, inside the VAE's own conversion.
    return vae.encode(pictures.expand(fitting, -1, -1, -1)), fitted_mask


def fit_pictures(pictures: Tensor, width: int, height: int, resize: str) -> Tensor:
    """Resize [N, H, W, 3] pictures to width x height: crop the middle, stretch, or pad with black."""
    if pictures.shape[1:3] == (height, width):
        return pictures
    channels_first = pictures.movedim(-1, 1)
    if resize != PAD:
        crop = "center" if resize == CENTER_CROP else "disabled"
        return comfy.utils.common_upscale(channels_first, width, height, "lanczos", crop).movedim(1, -1)
    scale = min(width / pictures.shape[2], height / pictures.shape[1])
    inner_width, inner_height = max(1, round(pictures.shape[2] * scale)), max(1, round(pictures.shape[1] * scale))
    inner = comfy.utils.common_upscale(channels_first, inner_width, inner_height, "lanczos", "disabled")
    padded = inner.new_zeros(*inner.shape[:2], height, width)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    padded[:, :, top : top + inner_height, left : left + inner_width] = inner
    return padded.movedim(1, -1)


def fit_mask_like(
    pictures: Tensor, mask: Tensor | None, width: int, height: int, resize: str, name: str = "mask"
) -> Tensor:
    """A MASK of pictures, brought to width x height on the way that `fit_pictures` takes them: [N, height, width].

    One of another size than the pictures is first stretched over them. None is white. Where pictures are padded, they
    show nothing: black. name: the mask's input, for the log.
    """
    size = pictures.shape[1:3]
    mask = pictures.new_ones(1, *size) if mask is None else mask
    if abs(mask.shape[2] * size[0] - mask.shape[1] * size[1]) > max(size):
        logger.info(
            "%s: it is %s x %s, another shape than its pictures of %s x %s, and is stretched over them.",
            name, mask.shape[2], mask.shape[1], size[1], size[0],
        )  # fmt: skip
    over_pictures = fit_pictures(_grey(mask), size[1], size[0], STRETCH)
    return fit_pictures(over_pictures, width, height, resize)[..., 0].clamp(0, 1)


def scale_to_fit(size: tuple[int, int], fitted: tuple[int, int], resize: str) -> tuple[float, float]:
    """How many times wider and higher things become where `fit_pictures` brings pictures of a size to another."""
    across, down = (new / old for new, old in zip(fitted, size, strict=True))
    if resize == STRETCH:
        return across, down
    scale = min(across, down) if resize == PAD else max(across, down)
    return scale, scale


def _grey(mask: Tensor) -> Tensor:
    """A MASK [N, H, W] as pictures [N, H, W, 3]: a view."""
    return mask[..., None].expand(-1, -1, -1, 3)


def _cross_fade(first: Tensor, last: Tensor, length: int) -> Tensor:
    if length == 1:
        logger.info("end_image: a clip of one frame has no end: `image` alone is used. Give a longer `length`.")
    share = torch.linspace(0, 1, length, device=first.device).reshape(-1, 1, 1, 1)
    return torch.lerp(first, last.to(first.device), share)


def _holds_video(vae) -> bool:
    """Whether the VAE takes a batch of pictures as the frames of one clip, and says how many it can hold."""
    ratio = getattr(vae, "downscale_ratio", None)
    return isinstance(ratio, tuple) and callable(ratio[0]) and not vae.not_video


def longest_fitting(length: int, latent_frames: Callable[[int], int], video_frames: Callable[[int], int]) -> int:
    """The longest clip of at most `length` frames that fits a VAE: one that comes back with all its frames.

    latent_frames, video_frames: the VAE's own account of how many of the one make up the other.
    """
    return next(n for n in range(length, 0, -1) if n == 1 or video_frames(latent_frames(n)) == n)


def fitting_length(vae, length: int) -> int:
    if not _holds_video(vae):
        return length
    fitting = longest_fitting(length, vae.downscale_ratio[0], vae.upscale_ratio[0])
    if fitting != length:
        logger.info("length: %s frames rounded down to %s, which is what this VAE can hold.", length, fitting)
    return fitting


def latent_frames(vae, length: int) -> int:
    """Latent frames of a clip of so many pictures."""
    return vae.downscale_ratio[0](length) if _holds_video(vae) else length


def fitting_size(vae, width: int, height: int) -> tuple[int, int]:
    ratio = vae.spacial_compression_encode()
    fitting = (max(width // ratio, 1) * ratio, max(height // ratio, 1) * ratio)
    if fitting != (width, height):
        logger.info("Size %s x %s rounded down to %s x %s, the VAE's grid.", width, height, *fitting)
    return fitting
