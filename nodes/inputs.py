"""What every node checks of its inputs.

The host checks what is typed into a widget, and nothing that comes by link. `checked` reads each input's type and
limits from the node's own schema: a value whose meaning is plain is cast (4.0 to 4, grey pictures to RGB), anything
else is refused with a ValueError that begins with the input's name and says what was got and what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from comfy_api.latest import io
from torch import Tensor

from .core.checks import check_choice, check_number, check_numbers, check_whole, quote
from .core.curve import LINEAR, MONOTONE_CUBIC
from .core.packages import check_packages
from .core.schedule import Schedule
from .host.going_on import check_stop


def checked(
    *, may_be_broken: tuple[str, ...] = (), lists: tuple[str, ...] = (), packages: tuple[str, ...] = ()
) -> Callable:
    """Decorate a node's `execute`: it gets its inputs cast and checked by what the schema says of them.

    may_be_broken: inputs that may hold NaN or infinite values, because the node reports on them. lists: inputs that
    take a list of numbers, where the node takes all its inputs as lists. packages: what the node needs beside what
    every node does, asked for before it begins (core/packages.py).
    """

    def decorate(execute: Callable) -> Callable:
        @wraps(execute)
        def execute_checked(cls, **given):
            check_packages(*packages)
            schema = cls.define_schema()
            declared = {entry.id: entry for entry in schema.inputs}
            if schema.is_input_list:
                given = {name: whole_list(v) if name in lists else only_one(name, v) for name, v in given.items()}
            values = {
                name: _check_list(declared[name], value) if name in lists else _check(declared[name], value)
                for name, value in given.items()
            }
            for name in values.keys() - set(may_be_broken):
                _check_finite(name, given[name])
            return execute(cls, **values)

        return execute_checked

    return decorate


def said_before_the_run(check: Callable[[], object]) -> bool | str:
    """For a node's `validate_inputs`: True, or what `check` refuses of the values that are typed in."""
    try:
        check()
    except ValueError as error:
        return str(error)
    return True


def only_one(name: str, values: list) -> Any:
    """The value of an input that comes as a list because another input of its node may. Raises ValueError naming it."""
    if len(values) != 1:
        raise ValueError(f"{name}: got a list of {len(values)} values. Give one.")
    return values[0]


def whole_list(values: list) -> Any:
    """What was linked to an input that comes as a list: a list that is one value, or each of its values."""
    return values[0] if len(values) == 1 else values


def plain_curve(value: Any) -> Any:
    """The host's CURVE object, which evaluates itself where only we know the frames, in its raw form; anything else as
    it is."""
    if not hasattr(value, "points"):
        return value
    is_linear = type(value).__name__.startswith("Linear")
    return {"points": value.points, "interpolation": LINEAR if is_linear else MONOTONE_CUBIC}


def _check_list(declared: io.Input, value: Any) -> list[float] | None:
    return None if value is None else check_numbers(declared.id, value, declared.min, declared.max)


def _check(declared: io.Input, value: Any) -> Any:
    if value is None and declared.optional:
        return getattr(declared, "default", None)
    return CHECKS[declared.get_io_type()](declared, value)


def _check_text(declared: io.Input, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{declared.id}: got {quote(value)}. Give text.")
    return value


def _check_schedule(declared: io.Input, value: Any) -> Schedule:
    if not isinstance(value, Schedule):
        raise ValueError(f"{declared.id}: got {quote(value)}. Link a Rectification Schedule.")
    return value


def _check_pictures(declared: io.Input, value: Any) -> Tensor:
    """IMAGE as RGB [N, H, W, 3], float32 in [0, 1]. Grey is spread over the channels, alpha is left out."""
    if not isinstance(value, Tensor) or value.ndim not in (3, 4):
        raise ValueError(f"{declared.id}: got {quote(value)}. Link an IMAGE: [pictures, height, width, channels].")
    pictures = value
    if value.ndim == 3:  # one picture without its axis of pictures, or grey ones without their axis of channels
        pictures = value[None] if value.shape[-1] in (3, 4) else value[..., None]
    if pictures.numel() == 0:
        raise ValueError(f"{declared.id}: got {quote(value)}, which holds no picture. Give at least one.")
    if pictures.shape[-1] not in (1, 3, 4):
        raise ValueError(
            f"{declared.id}: got {quote(value)}, pictures of {pictures.shape[-1]} channels. "
            "A picture has 1 (grey), 3 (RGB) or 4 (RGB and alpha)."
        )
    return _as_shares(pictures[..., :3]).expand(-1, -1, -1, 3)


def _check_mask(declared: io.Input, value: Any) -> Tensor:
    """MASK as [N, H, W], float32 in [0, 1]."""
    is_mask = isinstance(value, Tensor) and (value.ndim in (2, 3) or (value.ndim == 4 and value.shape[1] == 1))
    if not is_mask:
        raise ValueError(f"{declared.id}: got {quote(value)}. Link a MASK: [masks, height, width].")
    if value.numel() == 0:
        raise ValueError(f"{declared.id}: got {quote(value)}, which holds no mask. Give at least one, or unlink it.")
    return _as_shares(value.reshape(-1, *value.shape[-2:])).clamp(0.0, 1.0)


def _as_shares(pixels: Tensor) -> Tensor:
    """Pixels as float32; bytes count from 0 to 255."""
    return pixels.float().div_(255) if pixels.dtype == torch.uint8 else pixels.float()


def _check_latent(declared: io.Input, value: Any) -> dict:
    samples = value.get("samples") if isinstance(value, dict) else None
    if samples is None:
        raise ValueError(f"{declared.id}: got {quote(value)}. Link a LATENT, as Still Video Latent gives it.")
    video = _parts(samples)[0]
    if not isinstance(video, Tensor) or video.ndim not in (4, 5) or video.numel() == 0:
        raise ValueError(f"{declared.id}: its samples are {quote(video)}, which is no video. Link a video's LATENT.")
    return value


def _check_tracks(declared: io.Input, value: Any) -> Tensor:
    """The host's TRACKS as points [frames, tracks, 2] in pixels, float64. When they are hidden is not read."""
    points = value.get("track_path") if isinstance(value, dict) else None
    if not isinstance(points, Tensor) or points.ndim != 3 or points.shape[-1] != 2 or points.numel() == 0:
        raise ValueError(f"{declared.id}: got {quote(value)}. Link TRACKS, as Generate Video Tracks gives them.")
    _check_finite(declared.id, points)
    return points.double().cpu()


def _check_sigmas(declared: io.Input, value: Any) -> Tensor:
    if not isinstance(value, Tensor) or value.ndim != 1 or not bool((value >= 0).all()):  # NaN is not >= 0
        raise ValueError(
            f"{declared.id}: got {quote(value)}. Link SIGMAS, as a scheduler gives them: numbers from 0 up."
        )
    return value


def _check_conditioning(declared: io.Input, value: Any) -> list:
    pairs = value if isinstance(value, list) else [None]
    if not all(isinstance(pair, (list, tuple)) and len(pair) > 1 and isinstance(pair[1], dict) for pair in pairs):
        raise ValueError(f"{declared.id}: got {quote(value)}. Link a CONDITIONING, as a text encoder gives it.")
    return value


def _able_to(*methods: str) -> Callable:
    """A check of the host's objects by what the pack asks of them, so that other packs' own kinds pass."""

    def check(declared: io.Input, value: Any) -> Any:
        if not all(hasattr(value, method) for method in methods):
            raise ValueError(f"{declared.id}: got {quote(value)}. Link a {declared.get_io_type()} from its loader.")
        return value

    return check


CHECKS: dict[str, Callable] = {
    "INT": lambda declared, value: check_whole(declared.id, value, declared.min, declared.max),
    "FLOAT": lambda declared, value: check_number(declared.id, value, declared.min, declared.max),
    "COMBO": lambda declared, value: check_choice(declared.id, value, declared.options),
    "STRING": _check_text,
    "NR_SCHEDULE": _check_schedule,
    "IMAGE": _check_pictures,
    "MASK": _check_mask,
    "LATENT": _check_latent,
    "TRACKS": _check_tracks,
    "SIGMAS": _check_sigmas,
    "CONDITIONING": _check_conditioning,
    "MODEL": _able_to("clone", "get_model_object"),
    "VAE": _able_to("encode", "spacial_compression_encode"),
    "CLIP": _able_to("tokenize", "encode_from_tokens"),
    "CLIP_VISION": _able_to("encode_image"),
}


def _check_finite(name: str, value: Any) -> None:
    """Refuse tensors, alone or in a LATENT, that hold NaN or infinite values."""
    for part in _parts(value.get("samples") if isinstance(value, dict) else value):
        if isinstance(part, Tensor) and not _is_finite(part):
            raise ValueError(
                f"{name}: it holds NaN or infinite values. Look for the cause in the node that made it: often a model "
                "or VAE in half precision."
            )


def _is_finite(tensor: Tensor) -> bool:
    """Whether no number is NaN or infinite. A video is read frame by frame, so that no copy of it is made. A sum is
    several times faster than a look at each number, and finite only where all of them are."""
    for frame in tensor if tensor.ndim > 1 else [tensor]:
        check_stop()
        if not bool(torch.isfinite(frame.sum())) and not bool(torch.isfinite(frame).all()):
            return False
    return True


def _parts(samples: Any) -> list:
    """The latents in a LATENT: one, or several that are nested, video before sound."""
    return samples.unbind() if getattr(samples, "is_nested", False) else [samples]
