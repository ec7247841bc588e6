"""Parts of a picture dragged along paths: how paths are read, where a part is at each frame, and what is then seen.

Coordinates are pixels to the right and down. Only the way from a path's first point counts: a path may lie anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from .camera import eased
from .checks import as_list, as_number, check_number, quote
from .flow import warp
from .moved_picture import blurred

EXAMPLE = "10, 20; 60, 20"
FARTHEST = 100_000  # pixels: coordinates beyond are a mistake
FAINT = 1 / 255  # a mask is white from here on: below lies what resizing leaves
SLIGHT = 1e-3  # pixels: less is no way, and pixels stay as they are


def read_paths(text: str) -> list[np.ndarray]:
    """Paths [points, 2] from text: points as "x, y; x, y", a path on each line; or the JSON of a spline editor, a list
    of {"x": …, "y": …} or [x, y], or a list of such lists. Raises ValueError naming `path`."""
    json_like = text.strip().startswith(("[", "{"))
    paths = _paths_of(_from_json(text)) if json_like else [line.split(";") for line in text.splitlines()]
    read = [_read_points(f"path {i}", points) for i, points in enumerate(map(_some, paths), 1) if points]
    if not read:
        raise ValueError(f"path: got {quote(text)}, which holds no point. {_allowed()}")
    return read


def _allowed() -> str:
    return (
        f'Give points in pixels, as "{EXAMPLE}", a path on each line; or link the coordinates of a spline editor, '
        "such as coord_str of KJNodes' Spline Editor."
    )


def _from_json(text: str) -> object:
    """Single quotes are what some nodes put in place of JSON's."""
    try:
        return json.loads(text.replace("'", '"'))
    except (RecursionError, ValueError):
        raise ValueError(f"path: cannot be read: {quote(text)}. {_allowed()}") from None


def _paths_of(value: object) -> list:
    """A point, a path or a list of paths, as a list of paths."""
    if _is_point(value):
        return [[value]]
    items = as_list(value) or []
    return [items] if items and _is_point(items[0]) else items


def _is_point(value: object) -> bool:
    items = None if isinstance(value, (str, Mapping)) else as_list(value)
    return isinstance(value, Mapping) or bool(items and as_number(items[0]) is not None)


def _some(points: object) -> list:
    """The points of a path; those in text without blanks around them, and without those that are blank alone."""
    stripped = [point.strip() if isinstance(point, str) else point for point in as_list(points) or [points]]
    return [point for point in stripped if point != ""]


def _read_points(path: str, points: list) -> np.ndarray:
    return np.array([_read_point(f"path: {path}, point {i}", point) for i, point in enumerate(points, 1)])


def _read_point(name: str, point: object) -> list[float]:
    """x and y of {"x": …, "y": …}, of [x, y], or of the text "x, y"."""
    if isinstance(point, Mapping):
        pair: list | None = [point.get("x"), point.get("y")]
    elif isinstance(point, str):
        pair = [_as_typed(number) for number in re.split(r"[,\s]+", point)]
    else:
        pair = as_list(point)
    if pair is None or len(pair) != 2 or None in pair:
        raise ValueError(f"{name}: got {quote(point)}. {_allowed()}")
    return [check_number(name, number, -FARTHEST, FARTHEST) for number in pair]


def _as_typed(number: str) -> float | None:
    try:
        return float(number)
    except ValueError:
        return None


def check_counts(name: str, paths: int, parts: int) -> None:
    """Each part has a path of its own. name: the input that the paths come from. Raises ValueError naming it."""
    if paths != parts:
        raise ValueError(
            f"{name}: got {paths} path{'s' * (paths != 1)} for {parts} mask{'s' * (parts != 1)} of `part`. "
            "Give as many: a mask for each path (batched), or a path for each mask."
        )


def offsets(paths: Sequence[np.ndarray], easing: str, length: int) -> np.ndarray:
    """How far each part is from where it lies in the picture, at each frame: [paths, length, 2] in the paths' pixels.

    The points of a path are evenly spaced in time: as many as frames are taken as they are, others are joined by
    straight lines. easing: how time goes, one of camera.EASINGS.
    """
    time = eased(easing, length)
    return np.array(
        [[np.interp(time * (len(path) - 1), np.arange(len(path)), line - line[0]) for line in path.T] for path in paths]
    ).swapaxes(1, 2)


def dragged(
    picture: Tensor, parts: Tensor, ways: np.ndarray, shown: Tensor, after_part: Callable[[], None] = lambda: None
) -> tuple[Tensor, Tensor]:
    """A picture [1, C, H, W] with parts of it moved, and how much of each pixel it shows, [1, 1, H, W].

    parts: masks [P, 1, H, W] in [0, 1], each over the ones before; one that stays lies before those that pass behind
    it. ways: [P, 2] in pixels. shown: how much of each pixel the picture itself shows, [1, 1, H, W]. What a part
    uncovers is not visible: all that its mask touches, so that no rim stays behind. It has the blurred colours of what
    is around it, since of the part itself a ghost would stay in the video. after_part: called after each; what it
    raises goes through.
    """
    gone = [part for part, way in zip(parts, ways, strict=True) if _moves(way)]
    visible, frame = shown, picture
    if gone:
        left = (torch.stack(gone).amax(0, keepdim=True) < FAINT).to(shown)
        visible, frame = shown * left, torch.lerp(blurred(picture, shown * left), picture, left)
    for part, way in zip(parts, ways, strict=True):
        cut = slid(torch.cat([picture, part[None]], 1), *way)
        colours, opacity = cut[:, :-1], cut[:, -1:]
        frame, visible = torch.lerp(frame, colours, opacity), torch.lerp(visible, torch.ones_like(visible), opacity)
        after_part()
    return frame, visible


def drag_flow(parts: Tensor, ways: np.ndarray) -> Tensor:
    """Backward flow [2, H, W] of what `dragged` moves, in pixels: that of the part on top, 0 where nothing moves."""
    flow = parts.new_zeros(2, *parts.shape[-2:])
    for part, way in zip(parts, ways, strict=True):
        here = slid(part[None], *way)[0] > 0.5
        flow = torch.where(here, -flow.new_tensor(way).reshape(2, 1, 1), flow)
    return flow


def slid(pictures: Tensor, right: float, down: float) -> Tensor:
    """Pictures [N, C, H, W] in [0, 1] slid by so many pixels, zeros coming in. Whole pixels stay as they are; a part of
    one is read between them, as `warp` does."""
    whole = np.round([right, down])
    rest = np.array([right, down]) - whole
    if _moves(rest):
        u = -pictures.new_tensor(rest).reshape(1, 2, 1, 1).expand(-1, -1, *pictures.shape[-2:])
        pictures = warp(pictures, u).clamp(0, 1)
    height, width = pictures.shape[-2:]
    x, y = (int(np.clip(way, -size, size)) for way, size in zip(whole, (width, height), strict=True))
    return pad(pictures, (x, -x, y, -y))


def _moves(way: np.ndarray) -> bool:
    return bool((np.abs(way) >= SLIGHT).any())
