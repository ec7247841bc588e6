"""The shipped workflows' files: what is typed in them, and whether their colours can be read."""

import json
import re
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "workflows").glob("*.json"))}
SIZES = {"width": "width", "height": "height", "length": "length", "video_frames": "length", "frames_number": "length"}
LENGTHS_OF_THEIR_OWN = {"ImageFromBatch", "NRMovePicture"}  # how many pictures are taken out; 0 for those of the video


def typed_sizes(saved: dict) -> list[str]:
    """Which sizes of the video are typed into a node of the graph, not linked, once for each node."""
    typed = [
        SIZES.get(entry["name"])
        for node in saved["nodes"]
        if node["type"] not in LENGTHS_OF_THEIR_OWN
        for entry in node["inputs"]
        if entry.get("widget") and entry["link"] is None
    ]
    numbers = ["length" for node in saved["nodes"] if node["type"] == "PrimitiveInt"]
    return [name for name in typed if name] + numbers


@pytest.mark.parametrize("name", WORKFLOWS)
def test_width_height_and_length_are_typed_once(name):
    typed = typed_sizes(WORKFLOWS[name])
    assert len(typed) == len(set(typed))
    assert "length" in typed


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_template_carries_the_picture_in_pixels_or_its_note_says_why_not(name):
    nodes = WORKFLOWS[name]["nodes"]
    (note,) = (node["widgets_values"][0] for node in nodes if node["type"] == "MarkdownNote")
    carried = any(node["widgets_values"][8] for node in nodes if node["type"] == "NRSchedule")
    sampled = [node for node in nodes if node["type"].startswith("NRKSampler")]
    assert carried == any(entry["link"] for node in sampled for entry in node["inputs"] if entry["name"] == "vae")
    assert carried or re.search(r"\*\*motion_compensation\*\* (0|stays 0)", note)


# ---- colours

READABLE = 4.5  # WCAG 2, level AA


@dataclass
class Palette:
    """Colours of a palette of the host, as both canvases of the frontends 1.32.9, 1.49.6 and 1.58.1 show them.

    titles, labels, prose: of a node's title, its inputs and outputs, and a note's text and links.
    title_bar, body: the host's own node. canvas: what groups lie on.
    """

    titles: str
    labels: str
    prose: str
    title_bar: str
    body: str
    canvas: str
    light: bool = False

    def node(self, colour: str) -> tuple[float, ...]:
        """A node's colour as this palette shows it: the light one adds half of the lightness."""
        if not self.light:
            return rgb(colour)
        hue, lightness, saturation = rgb_to_hls(*rgb(colour))
        return hls_to_rgb(hue, min(1, lightness + 0.5), saturation)


PALETTES = {
    "dark": Palette("#999 #a0a0a0", "#aaa #a0a0a0 #9fa2bd", "#ccc #a0a0a0 #8a8a8a", "#333", "#353535", "#141414"),
    "light": Palette("#222 #444", "#444 #334155", "#222 #555 #494a50", "#f7f7f7", "#f5f5f5", "#d3d3d3", light=True),
    "solarized": Palette(
        "#fdf6e3 #657b83", "#657b83 #9fa2bd", "#839496 #657b83 #586e75", "#094656", "#073642", "#141414"
    ),
    "arc": Palette("#b2b7bd #a0a0a0", "#aaa #9fa2bd #a0a0a0", "#ccc #aaa #b2b7bd", "#2b2f38", "#242730", "#2b2f38"),
    "nord": Palette("#999 #bcc2c8", "#bcc2c8 #9fa2bd #a0a0a0", "#ccc #bcc2c8 #999", "#2e3440", "#161b22", "#212732"),
    "github": Palette("#999 #bcc2c8", "#bcc2c8 #9fa2bd #a0a0a0", "#ccc #bcc2c8 #999", "#161b22", "#13171d", "#040506"),
}


def rgb(colour: str) -> tuple[float, ...]:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    return tuple(int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """From 1 to 21, by WCAG 2."""

    def luminance(colour: tuple[float, ...]) -> float:
        red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def coloured(*kinds: str) -> list[tuple[str, str]]:
    """The different colours of the workflows' nodes of kinds that begin so: (title bar, body)."""
    nodes = [node for saved in WORKFLOWS.values() for node in saved["nodes"] if node["type"].startswith(kinds)]
    return sorted({(node["color"], node["bgcolor"]) for node in nodes})


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_titles_labels_and_notes_can_be_read_in_every_palette(palette):
    """In Solarized, whose own nodes cannot be read as well, better than on those."""
    texts = [(palette.titles, palette.title_bar, bar) for bar, _ in coloured("NR", "MarkdownNote")]
    texts += [(palette.labels, palette.body, body) for _, body in coloured("NR")]
    texts += [(palette.prose, palette.body, body) for _, body in coloured("MarkdownNote")]
    for colours, own, ours in texts:
        for text in map(rgb, colours.split()):
            assert contrast(text, palette.node(ours)) >= min(READABLE, contrast(text, rgb(own)))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_note_holds_no_code(name):
    """The host writes code in a blue of its own, with a contrast of 1.1 to 4.9."""
    notes = [node["widgets_values"][0] for node in WORKFLOWS[name]["nodes"] if node["type"] == "MarkdownNote"]
    assert notes and "`" not in "".join(notes)


def title_of_a_group(colour: tuple[float, ...]) -> float:
    """Its contrast in the palette where it is hardest to read: the host writes it in the group's colour, on two layers
    of a quarter of that colour."""
    tints = [
        tuple(0.5625 * below + 0.4375 * own for below, own in zip(rgb(palette.canvas), colour, strict=True))
        for palette in PALETTES.values()
    ]
    return min(contrast(colour, tint) for tint in tints)


def test_no_colour_of_a_group_lets_its_title_be_read_much_better():
    """No colour comes to 2 in dark and light palettes alike, so this one is the host's own."""
    (colour,) = {group["color"] for saved in WORKFLOWS.values() for group in saved["groups"]}
    best = max(map(title_of_a_group, product([step / 8 for step in range(9)], repeat=3)))
    assert best < 2
    assert title_of_a_group(rgb(colour)) > 0.9 * best
