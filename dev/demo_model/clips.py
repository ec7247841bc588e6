"""The demo model's world: short clips, made on the fly, whose motion has a name (nodes/demo_model/words.py).

A scene is a still background plate, wider than the frame so that no border ever shows, and maybe one object on a second
plate. A motion moves the windows through which the plates are seen: the camera's moves both, a drift the object's.

Pictures come out of the scikit-image wheel (public domain or CC0, see README.md); shapes and textures are drawn.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
import skimage.data
import skimage.io
import torch
import torch.nn.functional as F
from noise_rectification.nodes.core.camera import windows
from noise_rectification.nodes.demo_model import words

FRAMES, SIZE, PLATE = 16, 64, 96
PICTURES = Path(words.__file__).with_name("pictures")

# The first ones hold more to recognise and are drawn more often.
TRAINING_SURFACES = ("brick.png", "grass.png", "gravel.png")
TRAINING_PHOTOS = (
    *3 * ("astronaut.png", "chelsea.png", "rocket.jpg"),
    *("hubble_deep_field.jpg", "retina.jpg"),
    *TRAINING_SURFACES,
)
TRAINING_TEXTURES = (*TRAINING_SURFACES, "cell.png", "horse.png")
HELD_OUT = ("coffee.png", "camera.png")


# ---- motion ----------------------------------------------------------------------------------------------------------


def film(plates: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
    """Square plates [B, C, N, N] seen through windows [B, F, 2, 3] -> clips [B, C, F, SIZE, SIZE]."""
    axis = torch.arange(SIZE) - (SIZE - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    frame = torch.stack([x, y, torch.ones_like(x)], -1)
    places = torch.einsum("bfij,hwj->bfhwi", windows, frame) * (2 / plates.shape[-1])
    stacked = places.flatten(1, 2)  # the frames of a clip one under the other: one call, no copy of the plate per frame
    clips = F.grid_sample(plates, stacked, mode="bilinear", padding_mode="border", align_corners=False)
    return clips.unflatten(2, (windows.shape[1], SIZE))


def render(backgrounds, objects, names: list[str], frames: int, start: float, speeds=None) -> torch.Tensor:
    """Background plates [B, 3, N, N] and object plates [B, 4, N, N] (RGB, opacity) -> clips [B, 3, F, SIZE, SIZE].

    start: the time of the first frame; at time 0 the window lies straight in the middle of the plate.
    speeds: how fast each clip moves [B], 1 being the speed that its motion stands for; None for 1 everywhere.
    """
    rates = words.prompt_rates(torch.cat([words.prompt_tokens(name) for name in names]))
    if speeds is not None:
        rates = rates * speeds[:, None, None]
    camera, drift = windows(rates, start + torch.arange(frames)).unbind(1)
    clips, layer = film(backgrounds, camera), film(objects, drift)
    return clips.lerp(layer[:, :3], layer[:, 3:])


# ---- pictures --------------------------------------------------------------------------------------------------------


@cache
def photo_pyramid(name: str) -> tuple[torch.Tensor, ...]:
    """A picture of scikit-image as RGB [3, H, W] in 0…1, and its halvings down to about the plate's size."""
    picture = skimage.io.imread(Path(skimage.data.__file__).parent / name).astype(np.float32)
    picture = picture[..., None].repeat(3, -1) if picture.ndim == 2 else picture[..., :3]
    levels = [torch.from_numpy(picture / picture.max()).permute(2, 0, 1).contiguous()]
    while min(levels[-1].shape[1:]) >= 3 * PLATE:
        levels.append(F.avg_pool2d(levels[-1][None], 2)[0])
    return tuple(levels)


def photo_plate(name: str, left: float, top: float, side: float, size: int = PLATE, mirrored: float = 0.0):
    """A square of a picture as a plate [3, size, size].

    left, top, side: of the square, in fractions of the picture's shorter edge; mirrored: how far the picture is
    continued beyond its edges by its mirror image, likewise.
    """
    levels = photo_pyramid(name)
    level = next((m for m in reversed(levels) if side * min(m.shape[1:]) >= size), levels[0])
    edge = min(level.shape[1:])
    rim = round(mirrored * edge)
    level = F.pad(level[None], [rim] * 4, mode="reflect") if rim else level[None]
    x, y, n = round(left * edge) + rim, round(top * edge) + rim, round(side * edge)
    return F.interpolate(level[:, :, y : y + n, x : x + n], (size, size), mode="bilinear", antialias=True)[0]


class Painter:
    """Draws random scenes on plates of `size` pixels. All chance comes from one numpy generator."""

    def __init__(self, seed: int, size: int = PLATE):
        self.rng, self.size = np.random.default_rng(seed), size
        axis = torch.arange(size) - (size - 1) / 2
        self.y, self.x = torch.meshgrid(axis, axis, indexing="ij")

    def colour(self) -> torch.Tensor:
        return torch.from_numpy(self.rng.uniform(0, 1, 3).astype(np.float32)).reshape(3, 1, 1)

    def photo(self, names=TRAINING_PHOTOS) -> torch.Tensor:
        """A random square of a random picture; more often large, so that a person recognises it."""
        name = self.rng.choice(names)
        height, width = photo_pyramid(name)[0].shape[1:]
        side = self.rng.uniform(0.2, 1.0) ** 0.7
        left, top = (self.rng.uniform(0, edge / min(height, width) - side) for edge in (width, height))
        plate = self.jitter(photo_plate(name, left, top, side, self.size))
        return plate.flip(2) if self.rng.random() < 0.5 else plate

    def jitter(self, plate: torch.Tensor) -> torch.Tensor:
        """Another light: gamma, gain per channel, contrast. Grey pictures are often tinted, some colours swapped."""
        if self.rng.random() < 0.25:
            plate = plate[torch.from_numpy(self.rng.permutation(3))]
        if torch.equal(plate[0], plate[1]) and self.rng.random() < 0.7:
            dark, light = 0.5 * self.colour(), 0.5 + 0.5 * self.colour()
            plate = dark + plate * (light - dark)
        plate = plate.clamp(0, 1) ** math.exp(self.rng.uniform(-0.35, 0.35)) * (0.8 + 0.3 * self.colour())
        return ((plate - 0.5) * self.rng.uniform(0.8, 1.2) + 0.5).clamp(0, 1)

    def texture(self) -> torch.Tensor:
        """A plate to paint with: one colour, a gradient, stripes, checks, clouds, or a photographed surface."""
        kind = self.rng.choice(["plain", "gradient", "stripes", "checks", "clouds", "surface"])
        if kind == "surface":
            return self.photo(TRAINING_TEXTURES)
        first, second = self.colour(), self.colour()
        if kind == "plain":
            return first.expand(3, self.size, self.size)
        return first + (second - first) * self.pattern(kind)

    def pattern(self, kind: str) -> torch.Tensor:
        """How much of the second colour, 0…1 [size, size]."""
        angle, period = self.rng.uniform(0, 2 * math.pi), self.rng.uniform(6, 24)
        u = (self.x * math.cos(angle) + self.y * math.sin(angle)) / period
        v = (self.y * math.cos(angle) - self.x * math.sin(angle)) / period
        if kind == "gradient":
            return (u * period / self.size + 0.5).clamp(0, 1)
        if kind == "clouds":
            coarse = torch.from_numpy(self.rng.random((2, 1, 1, 14, 14), dtype=np.float32))
            layers = coarse[0], coarse[1, ..., :5, :5]
            fine, broad = (F.interpolate(layer, (self.size, self.size), mode="bicubic")[0, 0] for layer in layers)
            return (0.35 * fine + 0.65 * broad).clamp(0, 1)
        wave = torch.sin(2 * math.pi * u) * (torch.sin(2 * math.pi * v) if kind == "checks" else 1.0)
        return (wave * period / 6 + 0.5).clamp(0, 1)  # the edge is a pixel or two wide whatever the period

    def shape(self, radius: float, reach: float) -> torch.Tensor:
        """Opacity [1, size, size] of a disc, square, triangle, star, flower or ring, at most `reach` off centre."""
        x, y = (axis - self.rng.uniform(-reach, reach) for axis in (self.x, self.y))
        kind, angle = self.rng.choice(["disc", "square", "triangle", "star", "flower", "ring"]), self.rng.uniform(0, 7)
        distance, theta = torch.hypot(x, y), torch.atan2(y, x) + angle
        if kind in ("square", "triangle"):
            corners = {"square": 4, "triangle": 3}[kind]
            wedge = 2 * math.pi / corners
            inside = 0.8 * radius - distance * torch.cos(torch.remainder(theta, wedge) - wedge / 2)
        elif kind == "ring":
            inside = 0.3 * radius - (distance - 0.7 * radius).abs()
        else:
            bumps = {"disc": 0.0, "star": 0.35 * torch.cos(5 * theta), "flower": 0.15 * torch.cos(7 * theta)}[kind]
            inside = radius * (0.9 + bumps) - distance
        return (inside + 0.5).clamp(0, 1)[None]

    def leaves(self) -> torch.Tensor:
        """Many shapes laid over each other (a "dead leaves" picture: natural edges and sizes, no photograph needed)."""
        plate = self.texture()
        for radius in np.sort(np.minimum(4 / self.rng.uniform(0.12, 1, 14), 30))[::-1]:
            plate = plate.lerp(self.texture(), self.shape(radius, self.size / 2))
        return plate

    def item(self, reach: float) -> torch.Tensor:
        """An object [4, size, size]: a textured shape and its opacity."""
        return torch.cat([self.texture(), self.shape(self.rng.uniform(9, 17), reach)])

    def scene(self, motion: str) -> tuple[torch.Tensor, torch.Tensor]:
        """A background and an object (often an invisible one; a drift always has something that drifts)."""
        drifts = motion.startswith("drift")
        kind = self.rng.choice(["photo", "leaves", "texture"], p=[0.4, 0.2, 0.4] if drifts else [0.6, 0.2, 0.2])
        background = {"photo": self.photo, "leaves": self.leaves, "texture": self.texture}[kind]()
        shown = drifts or kind == "texture"
        return background, self.item(18.0) if shown else torch.zeros(4, self.size, self.size)

    def clips(self, names: list[str], speeds=None) -> torch.Tensor:
        """A new clip for each motion, at speeds [B] times its own: [B, 3, FRAMES, SIZE, SIZE] in 0…1."""
        backgrounds, objects = zip(*map(self.scene, names), strict=True)
        # The camera passes the middle of the plate in the middle of the clip: it sees no border.
        return render(torch.stack(backgrounds), torch.stack(objects), names, FRAMES, -(FRAMES - 1) / 2, speeds)


# ---- the shipped pictures and their true clips -----------------------------------------------------------------------

# The first frame lies in the middle of a plate twice its size, which has room for every motion.
# Of a photograph: its file and the square shown (left, top, side as fractions of the shorter edge).
SHIPPED_PHOTOS = {
    "coffee": ("coffee.png", 0.28, 0.05, 0.9),
    "cameraman": ("camera.png", 0.22, 0.08, 0.6),
    "cat": ("chelsea.png", 0.25, 0.05, 0.8),
    "astronaut": ("astronaut.png", 0.2, 0.0, 0.5),
    "rocket": ("rocket.jpg", 0.45, 0.1, 0.75),
}
# Of a drawn scene: the painter's seed.
SHIPPED_DRAWINGS = {"disc": 148, "star": 144, "sun": 117, "triangle": 115}
SHIPPED = (*SHIPPED_PHOTOS, *SHIPPED_DRAWINGS)


def photo_around(name: str, left: float, top: float, side: float) -> torch.Tensor:
    """A plate [3, 2 * SIZE, 2 * SIZE] with a square of a picture in its middle; room for every motion around it."""
    return photo_plate(name, left - side / 2, top - side / 2, 2 * side, 2 * SIZE, mirrored=side / 2)


def shipped_scene(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Background [3, N, N] and object [4, N, N] behind a shipped picture, always the same."""
    size = 2 * SIZE
    if name in SHIPPED_DRAWINGS:
        return Painter(SHIPPED_DRAWINGS[name], size).scene("drift left")
    return photo_around(*SHIPPED_PHOTOS[name]), torch.zeros(4, size, size)


def true_clip(name: str, motion: str, frames: int = FRAMES) -> torch.Tensor:
    """What really happens to a shipped picture under a motion: [F, SIZE, SIZE, 3] in 0…1, the picture first.

    A photograph holds no object of its own: under a drift it stays still. Beyond its edges it is mirrored.
    """
    background, item = shipped_scene(name)
    return render(background[None], item[None], [motion], frames, 0.0)[0].permute(1, 2, 3, 0).clamp(0, 1)


def write_pictures(folder: Path = PICTURES):
    """The shipped pictures, 64x64, as PNG."""
    for name in SHIPPED:
        picture = true_clip(name, "still", 1)[0]
        skimage.io.imsave(folder / f"{name}.png", (picture * 255).round().byte().numpy(), check_contrast=False)


if __name__ == "__main__":
    write_pictures()
