"""A report as two pictures: what a person wants to know, legible at a node's width; and every other measure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from .metrics import NET_STEPS, Measurement
from .plots import BLUE_LINE, ORANGE_LINE, as_image
from .verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 100
# Of the first picture, in its pixels. A node shows it some 350 pixels wide: a third of it.
WIDTH, MARGIN, LINE, CHARTS = 1200, 20, 46, 400
TILES, TILES_OF_WIDE, LABEL = 8, 6, 40  # pictures in the strip; fewer of those that are wider than high
LETTERS = 62  # on a line
WIDE = 1.3
BIG, SMALL = 25, 20  # points
WORST = "#CC79A7"  # Okabe and Ito's, as the lines
FAINTEST, STRONGEST = 0.0, 0.4  # differences that are drawn black and white

DETAILS = (
    ("visible", "How much of the image is still visible", "share of the frame"),
    ("sharpness", "Sharpness: below 1 soft, above noisy", "share of the image's"),
    ("colour", "Other colours than the image's, along the motion", "CIEDE2000"),
    ("flicker", "Flicker: change without motion", "8-bit levels"),
    ("temporal_coherence", "Neighbours alike: every motion lowers it", "SSIM of neighbours"),
    ("colour_drift", "Against the still image: colour drift", "CIEDE2000"),
    ("ssim", "Against the still image: every motion lowers it", "SSIM, 1 = equal"),
    ("psnr", "Against the still image: every motion lowers it", "PSNR, dB"),
)
CLIP_DETAILS = {
    "temporal_coherence": ("temporal_coherence_clip", "Neighbours alike, seen by CLIP", "cosine"),
    "psnr": ("image_fidelity", "Against the still image, seen by CLIP", "cosine"),
}
# Read against 0: what the charts reach up to at least, so that less than can be seen does not fill one.
FROM_0 = {"visible": 1.0, "sharpness": 1.0, "colour": 1.0, "flicker": 1.0, "colour_drift": 1.0, "motion": 0.2}


def plot_report(
    video: Measurement,
    frames: np.ndarray,
    picture: np.ndarray,
    verdict: Verdict,
    baseline: Measurement | None = None,
    joins: Sequence[int] = (),
) -> Tensor:
    """The verdict in words, a strip of the video with its worst picture marked, fidelity and motion.

    frames: [F, H, W, 3] and picture: [H, W, 3] that were measured, in [0, 1]. joins: with which pictures chunks begin,
    from 2 on. IMAGE [1, H, 1200, 3], as high as the words and the pictures need.
    """
    from matplotlib.figure import Figure

    lines = [textwrap.wrap(sentence, LETTERS, subsequent_indent="  ") for sentence in verdict.sentences]
    words = LINE * sum(map(len, lines)) + MARGIN
    tiles = TILES if picture.shape[1] <= WIDE * picture.shape[0] else TILES_OF_WIDE
    tile = (WIDTH - 2 * MARGIN) // tiles
    strip = min(2 * tile, round((tile - 8) * picture.shape[0] / picture.shape[1]) + LABEL)
    height = words + strip + CHARTS
    figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI)
    _write(figure, lines, height)
    _draw_strip(figure, video, frames, picture, verdict, top=words, tiles=tiles, strip=strip, height=height)
    charts = (
        ("fidelity_along_motion", "Fidelity along the motion", "↑ truer"),
        ("motion", "Motion in pixels", "↑ moves more"),
    )
    for i, (name, title, upwards) in enumerate(charts):
        axes = figure.add_axes((0.075 + 0.5 * i, 95 / height, 0.405, (CHARTS - 155) / height))
        _draw_lines(axes, name, video, baseline, joins, linewidth=4, markersize=9)
        if verdict.worst is not None:
            axes.axvline(verdict.worst + 1, color=WORST, linewidth=10, alpha=0.5, zorder=0)
        axes.set_title(f"{title} {upwards}", fontsize=SMALL, loc="right")
        if name == "fidelity_along_motion":
            axes.set(ylim=(min(-0.06, axes.get_ylim()[0]), 1.08), yticks=(0, 0.5, 1))
            axes.set_xlabel("picture", fontsize=SMALL, labelpad=2)
        else:
            axes.set_xlabel(f"picture in the middle of {min(NET_STEPS + 1, len(frames))}", fontsize=SMALL, labelpad=2)
        axes.tick_params(labelsize=SMALL)
        if baseline is not None:
            axes.legend(fontsize=SMALL - 2, loc="best", framealpha=0.6)
    return as_image(figure)


def _write(figure: Figure, lines: list[list[str]], height: int) -> None:
    """Each sentence from its own line on, the first one bold."""
    y = MARGIN
    for i, sentence in enumerate(lines):
        for line in sentence:
            weight = "bold" if i == 0 else "normal"
            figure.text(MARGIN / WIDTH, 1 - y / height, line, fontsize=BIG, va="top", weight=weight)
            y += LINE


def _draw_strip(
    figure: Figure, video: Measurement, frames: np.ndarray, picture: np.ndarray, verdict: Verdict, *,
    top: int, tiles: int, strip: int, height: int,
) -> None:  # fmt: skip
    """The picture, some frames with the worst among them, and what is different in that; `top` pixels down."""
    tile = (WIDTH - 2 * MARGIN) // tiles

    def place(column: int, pixels: np.ndarray, label: str, **more: Any) -> Axes:
        box = (
            (MARGIN + column * tile + 4) / WIDTH,
            1 - (top + strip) / height,
            (tile - 8) / WIDTH,
            (strip - LABEL) / height,
        )
        axes = figure.add_axes(box, xticks=(), yticks=())
        axes.imshow(np.nan_to_num(pixels), interpolation="antialiased", **more)
        axes.set_title(label, fontsize=SMALL, pad=5)
        return axes

    place(0, picture, "image")
    for column, f in enumerate(shown_frames(len(frames), tiles - 2, verdict.worst), start=1):
        axes = place(column, frames[f].clip(0, 1), f"{f + 1} worst" if f == verdict.worst else f"{f + 1}")
        if f == verdict.worst:
            axes.spines[:].set(color=WORST, linewidth=8)
    if verdict.worst is not None:
        place(tiles - 1, video.difference[verdict.worst], "differs", cmap="magma", vmin=FAINTEST, vmax=STRONGEST)


def shown_frames(frames: int, count: int, worst: int | None) -> list[int]:
    """Which `count` of a video's frames the strip shows, from 0: evenly spaced from the first to the last, the worst in
    the place of the one that is nearest to it. All of a shorter video."""
    chosen = np.unique(np.linspace(0, frames - 1, count).round().astype(int))
    if worst is not None:
        chosen[np.abs(chosen - worst).argmin()] = worst
    return [int(f) for f in chosen]


def plot_details(video: Measurement, baseline: Measurement | None = None, joins: Sequence[int] = ()) -> Tensor:
    """All else that is measured, the baseline dashed. IMAGE [1, 1200, 1200, 3]. What every motion lowers comes last.
    Where CLIP was given, its image fidelity and temporal coherence take the place of their plain cousins."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / DPI, WIDTH / DPI), dpi=DPI, layout="constrained")
    for axes, (name, title, unit) in zip(figure.subplots(4, 2).flat, DETAILS, strict=True):
        if name in CLIP_DETAILS and CLIP_DETAILS[name][0] in video.per_frame:
            name, title, unit = CLIP_DETAILS[name]
        _draw_lines(axes, name, video, baseline, joins, markersize=4)
        axes.set_title(title, fontsize=15)
        axes.set_xlabel("picture", fontsize=12)
        axes.set_ylabel(unit, fontsize=12)
        axes.legend(fontsize=12)
    return as_image(figure)


def _draw_lines(
    axes: Axes, name: str, video: Measurement, baseline: Measurement | None, joins: Sequence[int], **style: Any
) -> None:
    """A measure of one or two videos over their pictures. What is measured between pictures, or over several, stands in
    the middle of them, so that all charts have the same axis."""
    from matplotlib.ticker import MaxNLocator

    longest = 1
    for measured, label, line in ((video, "video", BLUE_LINE), (baseline, "baseline", ORANGE_LINE)):
        if measured is None or name not in measured.per_frame:
            continue
        values, pictures = measured.per_frame[name], len(measured.per_frame["fidelity_along_motion"])
        mean = "not known" if np.isnan(measured.mean[name]) else f"mean {measured.mean[name]:.3g}"
        places = np.arange(len(values)) + 1 + (pictures - len(values)) / 2
        axes.plot(places, values, label=f"{label}: {mean}", **{**line, **style})
        longest = max(longest, pictures)
    for join in joins:
        axes.axvline(join - 0.5, color="black", linestyle=":", linewidth=style.get("linewidth", 2) / 2)
    if name in FROM_0:
        high = max(axes.get_ylim()[1], FROM_0[name])
        axes.set_ylim(-0.05 * high, 1.05 * high)
    axes.set_xlim(0.5, longest + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
