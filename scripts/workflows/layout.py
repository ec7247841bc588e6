"""Where the nodes of a graph stand: its columns side by side, a frame around each, the note at the left."""

from __future__ import annotations

from .graph import Graph

GAP, TITLE_BAR, GROUP_BAR, PADDING = 40, 30, 60, 20
NOTE_WIDTH = 430
HEIGHTS = {  # of nodes that show a picture, a film or a text; the others are as high as the frontend makes them
    "LoadImage": 340,
    "CLIPTextEncode": 160,
    "TextEncodeHunyuanVideo_ImageToVideo": 220,
    "NRSchedule": 640,
    "SaveVideo": 420,
    "SaveImage": 440,
    "SaveAnimatedWEBP": 480,
    "NRSchedulePlot": 420,
}


def layout(graph: Graph, sizes: dict[str, list[float]]) -> tuple[dict[str, list[float]], list[dict]]:
    """Where each node stands, and a frame around each column. Gives the `sizes` their columns' widths."""
    places, groups = {"note": [0, GROUP_BAR]}, []
    left = NOTE_WIDTH + 2 * GAP
    lowest = 0
    for column in graph.columns:
        top = GROUP_BAR + TITLE_BAR
        for key in column.nodes:
            places[key] = [left, top]
            sizes[key][0] = column.width
            top += sizes[key][1] + TITLE_BAR + GAP / 2
        bottom = top - TITLE_BAR - GAP / 2
        lowest = max(lowest, bottom)
        frame = [left - PADDING, 0, column.width + 2 * PADDING, bottom + PADDING]
        groups.append({"title": column.title, "bounding": frame, "color": "#3f5f6f", "font_size": 22, "flags": {}})
        left += column.width + 2 * PADDING + GAP
    for number, group in enumerate(groups, 1):
        group["id"] = number
        group["bounding"][3] = lowest + PADDING
    return places, groups


def overlaps(taken: dict[str, list[float]]) -> list[tuple[str, str]]:
    """Pairs of nodes that lie on one another, their title bars included. taken: key -> [x, y, width, height]."""
    boxes = {key: (x, y - TITLE_BAR, x + width, y + height) for key, (x, y, width, height) in taken.items()}
    return [
        (one, other)
        for one, a in boxes.items()
        for other, b in boxes.items()
        if one < other and a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]
