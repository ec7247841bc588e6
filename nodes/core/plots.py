"""Pictures a person reads without a manual. matplotlib's object interface only: no global state, loaded when used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .schedule import Schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette: told apart by every kind of colour vision.
BLUE, ORANGE = "#0072B2", "#D55E00"
BLUE_LINE: dict[str, Any] = {"color": BLUE, "marker": "o", "markersize": 4}
ORANGE_LINE: dict[str, Any] = {"color": ORANGE, "marker": "s", "markersize": 4, "linestyle": "--"}

# Of the arrows in a picture of motion: pixels; the longest is so many times as long as they are apart.
ARROW_DISTANCE, ARROW_SHORTEST, ARROW_HEAD, ARROW_LONGEST, ARROW_COLOUR = 20, 1.0, 4.0, 1.2, (40, 40, 40)


def plot_schedule(schedule: Schedule, frames: int, steps: int) -> Tensor:
    """ω over the frames, λ over the steps, and how firmly each frame is held at each step. IMAGE [1, 720, 960, 3]."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(9.6, 7.2), dpi=100, layout="constrained")
    panels = figure.subplot_mosaic([["omega", "strength"], ["holds", "holds"]])
    _draw_omega(panels["omega"], schedule, frames)
    _draw_strength(panels["strength"], schedule, steps)
    _draw_holds(figure, panels["holds"], schedule, frames, steps)
    for axis in (panels["omega"].xaxis, panels["strength"].xaxis, panels["holds"].xaxis, panels["holds"].yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    return as_image(figure)


def plot_flow(
    backward: Callable[[int], Tensor],
    frames: int,
    size: tuple[int, int],
    after_frame: Callable[[], None] = lambda: None,
) -> Tensor:
    """Where things go, as pictures: IMAGE [N, height, width, 3] from backward flows [2, h, w] in cells.

    Colours as in Baker et al., "A database and evaluation methodology for optical flow" (2011): the hue is the
    direction, white is no motion, the full colour the fastest motion of the clip. Arrows say the same, and are
    shortened alike where they would run into each other. backward: gives the flow of a frame, and is asked twice.
    size: (width, height) of the pictures. after_frame: called twice for each, too.
    """
    width, height = size

    def forward(i: int) -> Tensor:
        u = backward(i)
        if u.shape[-2:] != (height, width):
            scale = u.new_tensor([width / u.shape[-1], height / u.shape[-2]]).reshape(2, 1, 1)
            u = interpolate((u * scale)[None], (height, width), mode="bilinear")[0]
        return -u.cpu()

    fastest, longest = torch.zeros(2), 0.0
    for i in range(frames):
        u = forward(i)
        fastest, longest = _fastest(u, fastest), max(longest, float(u.square().sum(0).max().sqrt()))
        after_frame()
    distance = max(ARROW_DISTANCE, max(size) // 16)
    shortening = min(1.0, ARROW_LONGEST * distance / max(longest, 1e-6))
    drawn = torch.empty(frames, height, width, 3)
    for i in range(frames):
        u = forward(i)
        picture = _with_arrows(_coloured(u, fastest), u.numpy() * shortening, distance)
        drawn[i] = torch.from_numpy(picture).float() / 255
        after_frame()
    return drawn


def _fastest(u: Tensor, other: Tensor) -> Tensor:
    """The longest vector of a flow [2, H, W], or another one [2] if that is longer."""
    lengths = u.square().sum(0).flatten()
    longest = int(lengths.argmax())
    return u.flatten(1)[:, longest].clone() if lengths[longest] > other.square().sum() else other


def _coloured(u: Tensor, fastest: Tensor) -> np.ndarray:
    """The colours of a flow [2, H, W], bytes [H, W, 3]: full where it is as fast as `fastest` [2]."""
    from torchvision.utils import flow_to_image

    # It takes the fastest motion of what it is given: that of the clip is laid beside each frame, and cut off again.
    beside = torch.cat([u, fastest.reshape(2, 1, 1).expand(-1, u.shape[1], 1)], 2)
    return np.ascontiguousarray(flow_to_image(beside)[..., :-1].movedim(0, -1).numpy())


def _with_arrows(picture: np.ndarray, arrows: np.ndarray, distance: int) -> np.ndarray:
    """`picture` [H, W, 3], bytes, with an arrow every `distance` pixels, ending there; arrows [2, H, W]."""
    from PIL import Image, ImageDraw

    height, width = picture.shape[:2]
    drawn = Image.fromarray(picture)
    pen = ImageDraw.Draw(drawn)
    for y in range(distance // 2, height, distance):
        for x in range(distance // 2, width, distance):
            arrow, tip = arrows[:, y, x], np.array([x, y])
            length = float(np.hypot(*arrow))
            if length < ARROW_SHORTEST:
                continue
            along = min(ARROW_HEAD, length) * arrow / length
            aside = np.array([-along[1], along[0]]) / 2
            pen.line([*(tip - arrow), *tip], fill=ARROW_COLOUR)
            pen.polygon([*tip, *(tip - along + aside), *(tip - along - aside)], fill=ARROW_COLOUR)
    return np.array(drawn)


def as_image(figure: Figure) -> Tensor:
    """IMAGE [1, H, W, 3]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[None, ..., :3]
    return torch.from_numpy(pixels.astype(np.float32) / 255)


def _draw_omega(axes: Axes, schedule: Schedule, frames: int) -> None:
    numbers, omegas = np.arange(1, frames + 1), schedule.omegas(frames)
    axes.plot(numbers, omegas, **BLUE_LINE)
    pivots = list(schedule.pivots(frames))
    label = f"pivot frame{'s' if len(pivots) > 1 else ''}: always held fully"
    axes.plot(numbers[pivots], omegas[pivots], "D", color=ORANGE, label=label)
    axes.set(title="ω over the frames", xlabel="latent frame", ylim=(-0.05, 1.05))
    axes.set_ylabel("ω\n0: more fidelity      1: more motion")
    axes.legend(loc="lower left", fontsize="small")
    axes.grid(alpha=0.3)


def _draw_strength(axes: Axes, schedule: Schedule, steps: int) -> None:
    strengths = [schedule.strength_at(i, steps) for i in range(steps)]
    axes.bar(np.arange(1, steps + 1), strengths, width=0.9, color=BLUE)
    unit = f"step (of {steps})" if schedule.tau_unit == "steps" else f"sampling percent, cut in {steps}"
    axes.set(title=f"λ over the steps: τ = {schedule.tau_start:g} to {schedule.tau_end:g}", xlabel=unit, ylim=(0, 1.05))
    axes.set_ylabel("λ, strength of rectification")
    axes.grid(alpha=0.3, axis="y")


def _draw_holds(figure: Figure, axes: Axes, schedule: Schedule, frames: int, steps: int) -> None:
    extent = (0.5, steps + 0.5, frames + 0.5, 0.5)
    image = axes.imshow(schedule.holds(frames, steps), cmap="cividis", vmin=0, vmax=1, aspect="auto", extent=extent)
    axes.set(title=_holds_title(schedule), xlabel="step", ylabel="latent frame")
    figure.colorbar(image, ax=axes, label="hold: 0 free, 1 held")


def _holds_title(schedule: Schedule) -> str:
    title = "How firmly each frame is held to the image"
    if schedule.motion_compensation > 0:
        title += f" carried along the motion (motion_compensation {schedule.motion_compensation:g})"
    if schedule.holds_colours:
        title += f"\nColours are held at every step (hold_colours {schedule.hold_colours:g})"
    return title
