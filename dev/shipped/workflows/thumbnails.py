"""The template gallery's pictures, which move: a video large, the picture that it is made of small, and its name.

Large models cannot be run where this is made, so their videos are drawn: camera moves over photographs of the
scikit-image wheel (CC0 or public domain). The demo's thumbnail shows what its workflow really makes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import skimage.data
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

SIZE = 400  # pixels; the gallery shows squares
SCREEN = (400, 300)  # of them, the video
SMALL = 96  # a picture that is given
FINE = 2  # drawn so much larger, then made small: smooth edges
BACKGROUND, INK, FAINT, PAINT = "#172228", "#f2f2f2", "#9fb1ba", "#ff8c1a"
PICTURES, DURATION = 8, 150  # of a drawn video, there and back; milliseconds each
PHOTOS = Path(skimage.data.__file__).parent
HIGH = {"astronaut.png": 0.3}  # where in a photograph its subject is, from the top; else in the middle
# Per frame of four: shift to the right, growth, turn in degrees.
MOVES = {
    "pan": (0.09, 1.0, 0.0),
    "zoom in": (0.0, 1.16, 0.0),
    "zoom out": (0.0, 1 / 1.16, 0.0),
    "turn": (0.0, 1.0, 7.0),
}
Video = list[Image.Image]


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

    def paste(self, picture: Image.Image, left: float, top: float, width: float, height: float, edge: int = 0) -> None:
        fitted = picture.resize((round(width * FINE), round(height * FINE)), Image.Resampling.LANCZOS)
        self.image.paste(fitted, (round(left * FINE), round(top * FINE)))
        if edge:
            corners = [value * FINE for value in (left, top, left + width, top + height)]
            self.pen.rectangle(corners, outline=INK, width=edge * FINE)

    def text(self, words: str, x: float, y: float, size: int, colour: str = INK, anchor: str = "mm") -> None:
        self.pen.text((x * FINE, y * FINE), words, fill=colour, font_size=size * FINE, anchor=anchor)

    def on_the_picture(self, words: str, x: float, y: float, anchor: str = "mm") -> None:
        """Words that are read on whatever is behind them."""
        self.pen.text((x * FINE, y * FINE), words, fill="white", font_size=16 * FINE, anchor=anchor,
                      stroke_width=FINE, stroke_fill="black")  # fmt: skip

    def bar(self, left: float, top: float, width: float, height: float, colour: str) -> None:
        corners = [value * FINE for value in (left, top, left + width, top + height)]
        self.pen.rounded_rectangle(corners, radius=height * FINE / 2, fill=colour)

    def done(self) -> Image.Image:
        return self.image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def view(photo: Image.Image, drawing: Drawing, time: float, size: tuple[int, int] = SCREEN) -> Image.Image:
    """A photograph as the moving camera sees it; time counts frames from the middle of the move."""
    shift, growth, turn = MOVES[drawing.move]
    x, y = photo.width / 2, HIGH.get(drawing.photo, 0.5) * photo.height
    room = min(photo.width / size[0], photo.height / size[1])
    width, height = (0.78 * room * edge / growth**time for edge in size)
    left, top = x + shift * time * width - width / 2, max(y - height / 2, 0)
    turned = mirrored(photo).rotate(turn * time, Image.Resampling.BICUBIC, center=(photo.width + x, photo.height + y))
    box = (photo.width + left, photo.height + top, photo.width + left + width, photo.height + top + height)
    return turned.resize((size[0] * FINE, size[1] * FINE), Image.Resampling.LANCZOS, box=box)


def mirrored(photo: Image.Image) -> Image.Image:
    """A photograph in the middle of its mirror images, so that a camera which turns finds no corners."""
    wide = Image.new("RGB", (3 * photo.width, 3 * photo.height))
    for row in range(3):
        for column in range(3):
            tile = photo if column == 1 else ImageOps.mirror(photo)
            wide.paste(tile if row == 1 else ImageOps.flip(tile), (column * photo.width, row * photo.height))
    return wide


def subject(picture: Image.Image) -> Image.Image:
    """Where the subject of a picture is taken to be: a soft oval in its middle."""
    oval = Image.new("L", picture.size)
    width, height = picture.size
    ImageDraw.Draw(oval).ellipse([0.22 * width, 0.1 * height, 0.78 * width, 0.95 * height], fill=255)
    return oval.filter(ImageFilter.GaussianBlur(width / 40))


def draw(title: str, drawing: Drawing) -> Video:
    """The thumbnail of a workflow whose model is not run here."""
    photo = Image.open(PHOTOS / drawing.photo).convert("RGB")
    times = [1.5 * -math.cos(2 * math.pi * number / PICTURES) for number in range(PICTURES)]
    video = [view(photo, drawing, time) for time in times]
    first, last = video[0], video[PICTURES // 2]
    if drawing.kind == "mask":
        mask = subject(first)
        video = [Image.composite(frame, first, ImageChops.multiply(mask, subject(frame))) for frame in video]
    if drawing.kind == "part":
        video = [dragged(first, 0.12 * (1 - math.cos(2 * math.pi * number / PICTURES))) for number in range(PICTURES)]
    if drawing.kind == "one picture":
        video = [last.filter(ImageFilter.ModeFilter(13)).filter(ImageFilter.EDGE_ENHANCE)]
    given = {
        "mask": Image.composite(Image.new("RGB", first.size, PAINT), first, subject(first).point(lambda v: v * 0.6)),
        "part": painted_path(first),
    }.get(drawing.kind, first)
    beside = {"two pictures": last, "camera": viewfinders(photo, drawing), "draft": rough(last)}.get(drawing.kind)
    return [sheet(title, drawing.kind, frame, given, beside, at / PICTURES) for at, frame in enumerate(video)]


def sheet(title: str, kind: str, frame: Image.Image, given: Image.Image, beside: Image.Image | None, time: float):
    """One picture of a thumbnail; time: from 0 to 1."""
    drawn = Sheet()
    drawn.paste(frame, 0, 0, *SCREEN)
    drawn.paste(squared(given), 12, 192, SMALL, SMALL, edge=2)
    if beside:
        drawn.paste(squared(beside), SIZE - SMALL - 12, 192, SMALL, SMALL, edge=2)
    words = {
        "two pictures": "first and last", "camera": "how the camera moves", "draft": "how a draft moves",
        "mask": "paint what may move", "larger": "then 1080p", "chunks": "chunk after chunk",
        "part": "a part, and its path",
        "loop": "over and over",
    }.get(kind)  # fmt: skip
    if words:
        drawn.on_the_picture(words, SIZE - 12, 180 if beside else 282, "rs")
    if kind == "sound":
        for bar in range(38):
            loud = abs(math.sin(0.37 * bar) * math.sin(0.11 * bar + 0.6)) + 0.08
            half, heard = 24 * loud, bar / 38 <= time
            drawn.bar(124 + bar * 7, 262 - half, 3, 2 * half, PAINT if heard else "white")
    name, _, task = title.partition(", ")
    drawn.text(name, SIZE / 2, 335 if task else 350, 27)
    drawn.text(task, SIZE / 2, 371, 19, FAINT)
    return drawn.done()


def squared(picture: Image.Image) -> Image.Image:
    """The square in the middle of a picture."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def viewfinders(photo: Image.Image, drawing: Drawing) -> Image.Image:
    """What the camera sees at the start and at the end of its move, as two frames in the whole picture."""
    size = (SMALL, SMALL)
    seen = view(photo, drawing, 0.0, size)
    pen, (shift, growth, turn) = ImageDraw.Draw(seen), MOVES[drawing.move]
    middle = SMALL * FINE / 2
    for time, colour in ((-1.5, INK), (1.5, PAINT)):
        half, angle = 0.58 * middle / growth**time, math.radians(turn * time)
        corners = [(x * half, y * half) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
        cos, sin, across = math.cos(angle), math.sin(angle), middle + 2 * middle * shift * time
        pen.line([(across + x * cos - y * sin, middle + x * sin + y * cos) for x, y in corners], fill=colour, width=5)
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
    return picture.resize((24, 18), Image.Resampling.BOX).resize(picture.size, Image.Resampling.BICUBIC)


def draw_result(title: str, picture: Image.Image, videos: dict[str, Video]) -> Video:
    """The demo's thumbnail: the picture and its real videos, side by side."""
    still = {"your picture": [picture] * len(next(iter(videos.values())))}
    drawn = []
    for number in range(len(still["your picture"])):
        sheet = Sheet()
        for place, (name, video) in enumerate((still | videos).items()):
            left, top = 4 + 198 * (place % 2), 4 + 174 * (place // 2)
            sheet.paste(video[number], left, top, 194, 170)
            sheet.on_the_picture(name, left + 8, top + 160, "ls")
        sheet.text(title, SIZE / 2, 376, 18)
        drawn.append(sheet.done())
    return drawn
