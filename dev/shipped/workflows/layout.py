"""Where the nodes of a graph stand: its columns side by side, a frame around each, the note at the left."""

from __future__ import annotations

from dataclasses import dataclass

from .graph import Column, Graph

GAP, TITLE_BAR, GROUP_BAR, PADDING = 40, 30, 50, 20
NOTE_WIDTH = 430
GROUP_COLOUR = "#3f789e"  # the host's own: it writes a title in the group's colour on a tint of that colour
HEIGHTS = {  # of nodes that show a picture, a film or a text; the others are as high as the frontend makes them
    "LoadImage": 340,
    "CLIPTextEncode": 160,
    "TextEncodeHunyuanVideo_ImageToVideo": 220,
    "NRSchedule": 640,
    "CreateVideo": 111,  # with the input that newer hosts add
    "SaveVideo": 420,
    "SaveImage": 440,
    "SaveAnimatedWEBP": 420,
    "NRDemoPicture": 300,
    "NRMovePicture": 420,
    "NRCarryPicture": 420,
    "NRCameraMove": 460,
    "NRDragPicture": 560,
}


@dataclass
class Frame:
    """The frame around a column, in the canvas' units."""

    left: float
    top: float
    width: float
    bottom: float

    def around(self) -> list[float]:
        return [self.left - PADDING, self.top, self.width + 2 * PADDING, self.bottom - self.top]


def layout(graph: Graph, sizes: dict[str, list[float]]) -> tuple[dict[str, list[float]], list[dict]]:
    """Where each node stands, and a frame around each column. Gives the `sizes` their columns' widths.

    sizes: key -> [width, height]; a collapsed node takes its title bar only.
    """
    places, frames = {"note": [0, GROUP_BAR]}, []
    sizes["note"][0] = NOTE_WIDTH
    next_left = NOTE_WIDTH + 2 * GAP
    for column in graph.columns:
        if column.under is None:
            frame = Frame(next_left, 0, column.width, 0)
            next_left += column.width + 2 * PADDING + GAP
        else:
            above = covered(column, frames)
            level(above)
            frame = Frame(above[0].left, above[0].bottom + GAP / 2, above[-1].left + above[-1].width - above[0].left, 0)
        top = frame.top + GROUP_BAR
        for key in column.nodes:
            places[key] = [frame.left, top + TITLE_BAR]
            sizes[key][0] = frame.width
            top += TITLE_BAR + (0 if key in graph.collapsed else sizes[key][1]) + GAP / 2
        frame.bottom = top - GAP / 2 + PADDING
        frames.append(frame)
    covered_frames = [frame for column in graph.columns if column.under for frame in covered(column, frames)]
    level([frame for frame in frames if frame not in covered_frames])
    groups = [
        {"id": number, "title": column.title, "bounding": frame.around(), "color": GROUP_COLOUR, "font_size": 22,
         "flags": {}}
        for number, (column, frame) in enumerate(zip(graph.columns, frames, strict=True), 1)
    ]  # fmt: skip
    return places, groups


def covered(column: Column, frames: list[Frame]) -> list[Frame]:
    first, last = column.under
    return frames[first : last + 1]


def level(frames: list[Frame]) -> None:
    """Let them all end where the lowest ends."""
    for frame in frames:
        frame.bottom = max(other.bottom for other in frames)


def overlaps(taken: dict[str, list[float]], collapsed: set[str]) -> list[tuple[str, str]]:
    """Pairs of nodes that lie on one another, their title bars included. taken: key -> [x, y, width, height]."""
    boxes = {
        key: (x, y - TITLE_BAR, x + width, y + (0 if key in collapsed else height))
        for key, (x, y, width, height) in taken.items()
    }
    return [
        (one, other)
        for one, a in boxes.items()
        for other, b in boxes.items()
        if one < other and a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]
