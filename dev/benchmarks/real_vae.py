"""Looks (nodes/host/looks.py) behind a real trained VAE, and on clips that real models made.

    .host/venv/bin/python dev/benchmarks/real_vae.py DATA

DATA holds what cannot be shipped: `taef2/taef2_encoder.pth` and `taef2_decoder.pth` (madebyollin/taesd, commit 5cccb12,
MIT: the latent of FLUX.2, 8x8 pixels to a cell), and `clips/*.webp` (comfyanonymous/ComfyUI_examples, commit f9431bb).
(a) A picture panned by parts of a cell, carried by a look at the true pan, and warped in the latent. (b) A clip's first
frame carried by a look at the clip, and along the flow found in the clip itself. (c) A panned picture whose colours
drift, with the colours held in the latent. Writes real_vae.json beside this file, and its tables into the texts; with
--page only these.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from benchmarks.harness import arguments, film, keep, kept, start_worker, table, write

NAME = "real_vae"
CELL = 8  # pixels
SHIFTS = (1 / 8, 1 / 4, 1 / 2, 1.0, 1.5)  # cells
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
SIZE, MARGIN = 256, 24  # pixels
FRAMES, LONGEST = 17, 384


def taef2(folder: Path):
    """TAEF2 as nodes take a VAE: pictures [N, H, W, 3] in 0…1 to [N, 32, H/8, W/8] and back."""
    import torch
    from torch import nn

    def conv(channels_in: int, channels_out: int, **more):
        return nn.Conv2d(channels_in, channels_out, 3, padding=1, **more)

    class Block(nn.Module):
        def __init__(self, pools: bool = False):
            super().__init__()
            self.conv = nn.Sequential(conv(64, 64), nn.ReLU(), conv(64, 64), nn.ReLU(), conv(64, 64))
            narrow, wide = nn.Conv2d(64, 256, 1, bias=False), nn.Conv2d(256, 64, 1, bias=False)
            self.pool = nn.Sequential(narrow, nn.GroupNorm(4, 256), nn.ReLU(), wide) if pools else None

        def forward(self, x):
            x = x if self.pool is None else x + self.pool(x)
            return torch.relu(self.conv(x) + x)

    class Clamp(nn.Module):
        def forward(self, x):
            return 3 * torch.tanh(x / 3)

    def smaller():
        return conv(64, 64, stride=2, bias=False)

    def larger():
        return nn.Upsample(scale_factor=2), conv(64, 64, bias=False)

    def blocks(pools: bool = False):
        return (Block(pools) for _ in range(3))

    encoder = nn.Sequential(conv(3, 64), Block(), smaller(), *blocks(), smaller(), *blocks(), smaller(), *blocks(True),
                            conv(64, 32))  # fmt: skip
    decoder = nn.Sequential(Clamp(), conv(32, 64), nn.ReLU(), *blocks(True), *larger(), *blocks(), *larger(), *blocks(),
                            *larger(), Block(), conv(64, 3))  # fmt: skip
    for network, name in ((encoder, "taef2_encoder"), (decoder, "taef2_decoder")):
        network.load_state_dict(torch.load(folder / f"{name}.pth", weights_only=True))

    class TAEF2:
        latent_channels = 32

        def encode(self, pictures):
            return torch.cat([encoder(picture[None]) for picture in pictures.movedim(-1, 1)])

        def decode(self, samples):
            return torch.cat([decoder(latent[None]) for latent in samples]).clamp(0, 1).movedim(1, -1)

    return TAEF2()


def psnr(one, other) -> float:
    inner = (one - other)[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    return float(-10 * inner.square().mean().log10())


def panned(name: str, shifts: list[int]):
    """Squares of a photograph, each so many pixels further to the right: [N, SIZE, SIZE, 3] in 0…1."""
    import skimage.data
    import torch

    photograph = torch.from_numpy(np.array(getattr(skimage.data, name)(), dtype=np.float32) / 255)[..., :3]
    return torch.stack([photograph[40 : 40 + SIZE, 80 + x : 80 + x + SIZE] for x in shifts])


def pans(vae) -> dict[str, dict[str, float]]:
    """(a): PSNR of what is decoded to the truly panned picture, mean over the photographs."""
    import torch
    from noise_rectification.nodes.core.flow import warp
    from noise_rectification.nodes.host.looks import carry_picture

    found: dict[str, dict[str, list[float]]] = {}
    for name in PHOTOGRAPHS:
        for shift in SHIFTS:
            clip = panned(name, [0, round(CELL * shift)])
            first, last = clip.split(1)
            latent = vae.encode(clip)
            _, carried = carry_picture(first, {"samples": latent}, vae, 1.0, "stretch the border")
            along = torch.tensor([float(shift), 0.0]).reshape(1, 2, 1, 1).expand(1, 2, *latent.shape[-2:])
            ways = {
                "carried in pixels, by a look": carried.samples[1:],
                "the true picture, encoded": latent[1:],
                "the latent, warped": warp(latent[:1], along),
                "the latent, not moved": latent[:1],
            }
            for way, samples in ways.items():
                column = found.setdefault(way, {}).setdefault(f"{shift:g} cells", [])
                column.append(psnr(vae.decode(samples), last))
    return {way: {c: float(np.mean(values)) for c, values in row.items()} for way, row in found.items()}


def colours(vae) -> dict[str, dict[str, float]]:
    """(c): of the last of FRAMES pictures, panned by half a cell each, ΔE00 of the mean colour to the truth's, contrast
    as a share of it, and PSNR. Decoded from the latent as it drifts (contrast down to 0.8 and a tint), and with colours
    held to the first picture's latent there (core/colours.py), along the motion that is found there too."""
    import torch
    from noise_rectification.nodes.core.frames import by_frames, from_frames
    from noise_rectification.nodes.core.metrics import colour_drift
    from noise_rectification.nodes.core.noise_level import NoiseLevel
    from noise_rectification.nodes.core.rectify import Rectifier
    from noise_rectification.nodes.core.schedule import Schedule

    schedule = Schedule(omega=(0.0,), motion_compensation=1.0, hold_colours=1.0)
    grown = torch.linspace(0, 1, FRAMES).reshape(-1, 1, 1, 1)
    found: dict[str, dict[str, list[float]]] = {}
    for name in PHOTOGRAPHS:
        clip = panned(name, [CELL // 2 * frame for frame in range(FRAMES)])
        drifting = ((clip - 0.5) * (1 - 0.2 * grown) + 0.5 + grown * torch.tensor([0.06, 0.0, -0.06])).clamp(0, 1)
        latents = {"true": vae.encode(clip), "drifting": vae.encode(drifting)}
        still = by_frames(latents["true"][:1].expand_as(latents["true"]))
        for of in ("true", "drifting"):
            rectifier = Rectifier.start(schedule, still)
            held = rectifier(by_frames(latents[of]), NoiseLevel(1.0, 1.0), 0.0)
            latents[f"{of}, colours held"] = from_frames(held, 4)
        truth = vae.decode(latents["true"][-1:])
        for way, latent in latents.items():
            last = vae.decode(latent[-1:])
            row = found.setdefault(way, {})
            row.setdefault("ΔE00", []).append(float(colour_drift(last.numpy(), truth[0].numpy())[0]))
            row.setdefault("contrast", []).append(float(last.std() / truth.std()))
            row.setdefault("PSNR, dB", []).append(psnr(last, clip[-1:]))
    return {way: {c: float(np.mean(values)) for c, values in row.items()} for way, row in found.items()}


def clips(vae, folder: Path) -> dict[str, dict[str, float]]:
    """(b): PSNR of the moved first frame to the clip, where it is visible, by where the motion was looked for."""
    import torch
    from noise_rectification.nodes.host.looks import carry_picture

    class Pixels:
        latent_channels = 3

        def encode(self, pictures):
            return pictures.movedim(-1, 1)

        def decode(self, samples):
            return samples.movedim(1, -1).clone()

    found = {}
    for path in sorted(folder.glob("*.webp")):
        clip = frames_of(path)
        row = {"standing still": psnr(clip[:1], clip[1:])}
        for way, coder in (("flow found in the clip", Pixels()), ("by a look, through TAEF2", vae)):
            with torch.inference_mode():
                latent = coder.encode(clip)
                _, carried = carry_picture(clip[:1], {"samples": latent}, coder, 1.0, "stretch the border")
            seen = carried.visible[1:, ..., None]
            error = ((carried.frames[1:] - clip[1:]).square() * seen).sum() / (3 * seen.sum())
            row[way] = float(-10 * error.log10())
        found[path.stem] = row
    return found


def frames_of(path: Path):
    """The first frames of an animation, at most LONGEST pixels long, sides that 8 divides: [N, H, W, 3] in 0…1."""
    import torch
    from PIL import Image

    pictures = film(path, FRAMES)
    scale = LONGEST / max(pictures.shape[1:3])
    size = tuple(round(side * scale) // CELL * CELL for side in (pictures.shape[2], pictures.shape[1]))
    frames = [np.asarray(Image.fromarray(picture).resize(size, Image.LANCZOS)) for picture in pictures]
    return torch.from_numpy(np.stack(frames)).float() / 255


def tables(results: dict) -> dict[str, list[str]]:
    return {
        "pans behind a real VAE": table(results["pans"], "PSNR, dB"),
        "colours held behind a real VAE": table(results["colours"], "the latent's pictures"),
        "looks at real clips": table(results["clips"], "PSNR where visible, dB"),
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("data", nargs="?", type=Path)
    options = parser.parse_args()
    if not options.page:
        start_worker()
        import torch

        vae = taef2(options.data / "taef2")
        with torch.inference_mode():
            keep(NAME, {"pans": pans(vae), "colours": colours(vae), "clips": clips(vae, options.data / "clips")})
    write(tables(kept(NAME)))


if __name__ == "__main__":
    main()
