"""The template gallery's pictures: what goes in, how it is held, and the video that comes out.

Large models cannot be run where this is made, so their videos are drawn: camera moves over photographs of the
scikit-image wheel (CC0 or public domain). The demo's thumbnail shows what its workflow really makes.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import skimage.data
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .graph import Graph

SIZE = 400  # pixels; the gallery shows squares
FINE = 2  # drawn so much larger, then made small: smooth edges
BACKGROUND, INK, FAINT, CURVE, PAINT = "#172228", "#f2f2f2", "#8fa3ad", "#4db2ff", "#ff8c1a"
PHOTOS = Path(skimage.data.__file__).parent
# Per frame of four: shift to the right, growth, turn in degrees.
MOVES = {
    "pan": (0.09, 1.0, 0.0),
    "zoom in": (0.0, 1.16, 0.0),
    "zoom out": (0.0, 1 / 1.16, 0.0),
    "turn": (0.0, 1.0, 7.0),
}


@dataclass(frozen=True)
class Drawing:
    """photo: a file of scikit-image. move: of MOVES. kind: what is special about the workflow, in one word."""

    photo: str = "coffee.png"
    move: str = "pan"
    kind: str = ""


class Sheet:
    """A square of SIZE to draw on, in coordinates of the finished picture."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (SIZE * FINE, SIZE * FINE), BACKGROUND)
        self.pen = ImageDraw.Draw(self.image)

    def paste(self, picture: Image.Image, left: float, top: float, width: float, height: float, edge: str = INK):
        fitted = picture.resize((round(width * FINE), round(height * FINE)), Image.Resampling.LANCZOS)
        self.image.paste(fitted, (round(left * FINE), round(top * FINE)))
        self.box(left, top, width, height, edge)

    def box(self, left: float, top: float, width: float, height: float, edge: str, fill: str | None = None) -> None:
        corners = [value * FINE for value in (left, top, left + width, top + height)]
        self.pen.rectangle(corners, outline=edge, width=2 * FINE, fill=fill)

    def text(self, words: str, x: float, y: float, size: int, colour: str = INK, anchor: str = "mm") -> None:
        self.pen.text((x * FINE, y * FINE), words, fill=colour, font_size=size * FINE, anchor=anchor)

    def line(self, points: list[tuple[float, float]], colour: str, width: float = 3) -> None:
        self.pen.line([(x * FINE, y * FINE) for x, y in points], fill=colour, width=round(width * FINE), joint="curve")

    def arrow(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.line([start, end], FAINT, 4)
        angle = math.atan2(end[1] - start[1], end[0] - start[0])
        wings = [(end[0] - 12 * math.cos(angle + w), end[1] - 12 * math.sin(angle + w)) for w in (0.5, -0.5)]
        self.pen.polygon([(x * FINE, y * FINE) for x, y in (end, *wings)], fill=FAINT)

    def film(self, frames: list[Image.Image], top: float, height: float = 84, left: float = 14) -> None:
        """Frames side by side between two rows of holes."""
        width = SIZE - 2 * left
        self.box(left, top, width, height + 24, FAINT, "#0b1013")
        for hole in range(18):
            for edge in (top + 3, top + height + 15):
                self.box(left + 6 + hole * (width - 6) / 18, edge, 8, 5, "#0b1013", FAINT)
        step = (width - 6) / len(frames)
        for number, frame in enumerate(frames):
            cut = round(frame.height * (1 - height / (step - 3)) / 2)
            shown = frame.crop((0, cut, frame.width, frame.height - cut))
            self.paste(shown, left + 4 + number * step, top + 12, step - 3, height, "#0b1013")

    def sound(self, top: float, height: float, left: float = 14) -> None:
        """What is heard: a track of bars under the film."""
        width, count = SIZE - 2 * left, 62
        self.box(left, top, width, height, FAINT, "#0b1013")
        for bar in range(count):
            loud = abs(math.sin(0.37 * bar) * math.sin(0.11 * bar + 0.6)) + 0.08
            x, half = left + (bar + 1) * width / (count + 1), loud * (height / 2 - 5)
            self.line([(x, top + height / 2 - half), (x, top + height / 2 + half)], PAINT)

    def done(self) -> Image.Image:
        return self.image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def view(photo: Image.Image, move: str, time: float) -> Image.Image:
    """A square of a photograph as the moving camera sees it; time counts frames from the middle of the move."""
    shift, growth, turn = MOVES[move]
    turned = photo.rotate(turn * time, Image.Resampling.BICUBIC)
    side = 0.68 * min(photo.size) / growth**time
    x, y = photo.width / 2 + shift * time * side, photo.height / 2
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return turned.resize((240, 240), Image.Resampling.LANCZOS, box=box)


def subject(picture: Image.Image) -> Image.Image:
    """Where the subject of a picture is taken to be: a soft oval in its middle."""
    oval = Image.new("L", picture.size)
    width, height = picture.size
    ImageDraw.Draw(oval).ellipse([0.22 * width, 0.15 * height, 0.78 * width, 0.9 * height], fill=255)
    return oval.filter(ImageFilter.GaussianBlur(width / 40))


def draw(title: str, graph: Graph, drawing: Drawing) -> Image.Image:
    """The thumbnail of a workflow whose model is not run here."""
    photo = Image.open(PHOTOS / drawing.photo).convert("RGB")
    frames = [view(photo, drawing.move, time) for time in (-1.5, -0.5, 0.5, 1.5)]
    picture, sheet = frames[0], Sheet()
    if drawing.kind == "mask":
        mask = subject(picture)
        frames = [Image.composite(frame, picture, ImageChops.multiply(mask, subject(frame))) for frame in frames]
        picture = Image.composite(Image.new("RGB", picture.size, PAINT), picture, mask.point(lambda v: v * 0.6))
    if drawing.kind == "part":
        frames = [dragged(picture, share) for share in (0, 0.08, 0.16, 0.24)]
    beside = {
        "two pictures": (frames[-1], "last picture"),
        "camera": (viewfinders(photo, drawing.move), "how the camera moves"),
        "part": (painted_path(picture), "a part, and its path"),
        "draft": (rough(frames[-1]), "how a draft moves"),
    }.get(drawing.kind)
    if beside:
        draw_inputs(sheet, [(picture, "first picture" if drawing.kind == "two pictures" else "your picture"), beside])
    else:
        draw_inputs(sheet, [(picture, "paint what may move" if drawing.kind == "mask" else "your picture")])
        draw_schedule(sheet, graph)
    if drawing.kind == "one picture":
        painted = frames[0].filter(ImageFilter.ModeFilter(13)).filter(ImageFilter.EDGE_ENHANCE)
        sheet.paste(painted, 140, 212, 120, 120)
    elif drawing.kind == "chunks":
        later = [view(photo, drawing.move, time) for time in (1.5, 2.0, 2.5, 3.0)]
        sheet.film(frames, 206, 38)
        sheet.film(later, 272, 38)
    elif drawing.kind == "sound":
        sheet.film(frames, 206, 70)
        sheet.sound(306, 34)
    elif drawing.kind == "larger":
        sheet.film(frames, 203, 20, left=110)
        sheet.arrow((SIZE / 2, 248), (SIZE / 2, 262))
        sheet.film(frames, 264, 46)
    else:
        sheet.film(frames, 214)
    name, _, task = title.partition(", ")
    sheet.text(name, SIZE / 2, 356 if task else 364, 25)
    sheet.text(task, SIZE / 2, 383, 18, FAINT)
    return sheet.done()


def viewfinders(photo: Image.Image, move: str) -> Image.Image:
    """What the camera sees at the start and at the end of its move, as two frames in the whole picture."""
    seen = view(photo, "pan", 0.0)
    pen, (shift, growth, turn) = ImageDraw.Draw(seen), MOVES[move]
    for time, colour in ((-1.5, INK), (1.5, PAINT)):
        half, angle = 70 / growth**time, math.radians(turn * time)
        corners = [(x * half, y * half) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
        cos, sin, across = math.cos(angle), math.sin(angle), 120 + 240 * shift * time
        pen.line([(across + x * cos - y * sin, 120 + x * sin + y * cos) for x, y in corners], fill=colour, width=5)
    return seen


def dragged(picture: Image.Image, share: float) -> Image.Image:
    """A picture whose subject has gone up and to the right by a share of its width, and what may lie behind it."""
    part, way = subject(picture), (round(share * picture.width), round(-0.4 * share * picture.width))
    behind = Image.composite(picture.filter(ImageFilter.GaussianBlur(picture.width / 6)), picture, part)
    return Image.composite(ImageChops.offset(picture, *way), behind, ImageChops.offset(part, *way))


def painted_path(picture: Image.Image) -> Image.Image:
    """A picture with its subject painted over, and the path on which it goes."""
    mask = subject(picture).point(lambda value: value * 0.6)
    seen = Image.composite(Image.new("RGB", picture.size, PAINT), picture, mask)
    pen, (width, height) = ImageDraw.Draw(seen), picture.size
    end = 0.8 * width, 0.4 * height
    pen.line([(0.5 * width, 0.52 * height), end], fill=INK, width=7)
    pen.ellipse([end[0] - 11, end[1] - 11, end[0] + 11, end[1] + 11], fill=INK)
    return seen


def rough(picture: Image.Image) -> Image.Image:
    """A picture as a quick draft has it."""
    return picture.resize((22, 22), Image.Resampling.BOX).resize(picture.size, Image.Resampling.BICUBIC)


def draw_inputs(sheet: Sheet, pictures: list[tuple[Image.Image, str]]) -> None:
    """The given pictures, left and right, each with its name beneath; arrows lead down to the video."""
    for (picture, words), left in zip(pictures, (46, 226), strict=False):
        sheet.paste(picture, left, 50, 128, 128)
        sheet.text(words, left + 64, 191, 15, FAINT)
    sheet.arrow((200, 114), (200, 200)) if len(pictures) > 1 else sheet.arrow((182, 114), (214, 114))


def draw_schedule(sheet: Sheet, graph: Graph) -> None:
    """The ω curve and the range of steps of the graph's own schedule."""
    inputs = next(node["inputs"] for node in graph.nodes.values() if node["class_type"] == "NRSchedule")
    left, top, width, height = 222, 50, 132, 96
    sheet.box(left, top, width, height, FAINT, "#0b1013")
    points = json.loads(inputs["omega_curve"])["points"]
    sheet.line([(left + 6 + x * (width - 12), top + height - 8 - y * (height - 16)) for x, y in points], CURVE)
    sheet.box(left, 156, width, 22, FAINT, "#0b1013")
    sheet.box(left + 2, 158, (width - 4) * inputs["tau_end"], 18, CURVE, CURVE)
    sheet.text("held to it", left + width / 2, 191, 15, FAINT)


def draw_result(rows: dict[str, list[Image.Image]], title: str) -> Image.Image:
    """The demo's thumbnail: real frames, a row for each way of sampling."""
    sheet = Sheet()
    for row, (name, frames) in enumerate(rows.items()):
        top = 44 + row * 112
        for column, frame in enumerate(frames):
            sheet.paste(frame, 14 + column * 94, top, 90, 90, BACKGROUND)
        sheet.text(name, 14, top + 99, 15, FAINT, "lm")
    sheet.text(title, SIZE / 2, 386, 17)
    return sheet.done()
