"""What the benchmarks share: the demo model with a picture and a prompt, sampled in one way; how its videos are
measured; the tables that are written into texts.

A program keeps what it measured in a file, makes its tables of that file, and writes each between the marks of its
name, in every text that has them:

    <!-- NAME: written by dev/benchmarks/PROGRAM.py -->
    <!-- end -->

All else in a text is written by hand. Imports that need the host stand inside functions: the host is started first, in
each process.
"""

from __future__ import annotations

import argparse
import json
import re
import runpy
from itertools import islice
from pathlib import Path

import numpy as np
from private_host.setup import COMFYUI, ROOT

HERE = Path(__file__).resolve().parent
MARKED = re.compile(r"(<!-- (?P<name>[^:]+): written by (?P<program>\S+) -->\n)(?P<table>.*?)(<!-- end -->)", re.S)
FRAMES = 16
STEPS, CFG, SCHEDULER = 20, 1.25, "normal"
OFF, CARRIED = {"strength": 0.0}, {"motion_compensation": 1.0}
BEST = CARRIED | {"tau_end": 1.0, "omega": (0.0,)}
PSNR = "PSNR to true clip"  # without the first frame, which is the picture: where equal, it would count as 100


def start_worker() -> None:
    from private_host.pack import start_host

    start_host()
    import comfy.utils

    comfy.utils.set_progress_bar_enabled(False)


def node(node_id: str, **inputs):
    """The first output of a node."""
    from private_host.pack import run_node

    return run_node(node_id, **inputs)[0]


class Scene:
    """The demo model with one picture and one prompt. Every run of a seed starts from the same noise.

    truth: the clip to be made [F, H, W, 3], or the picture alone: it is the first frame. motion: what is prompted; None
    for no prompt. moving: a moving clip [F, H, W, 3] and what of the picture is visible in it [F, H, W], for methods
    that are told the motion. loaded: which demo model, as the node that loads it asks. shift: of a flow model.
    """

    def __init__(
        self, truth, motion: str | None, moving: tuple | None = None, shift: float | None = None, **loaded: str
    ):
        from private_host.pack import run_node

        self.truth, self.picture, self.moving = truth, truth[:1], moving
        self.model, self.vae = run_node("NRLoadDemoModel", **loaded)
        if shift is not None:
            self.model = node("ModelSamplingSD3", model=self.model, shift=shift)
        asked, nothing = run_node("NRDemoPrompt", motion=motion or "still")
        self.positive, self.negative = (asked if motion else nothing), nothing

    def latent(self, pictures=None) -> dict:
        """A picture (the scene's own without any) as a still clip, or a clip as it is: a LATENT of all frames."""
        pictures = self.picture if pictures is None else pictures
        return node("NRStillVideoLatent", image=pictures, vae=self.vae, length=FRAMES, width=0, height=0,
                    resize="center crop")  # fmt: skip

    def sampled(
        self,
        schedule: dict | None = None,
        latent: dict | None = None,
        *,
        model=None,
        seed: int = 0,
        steps: int = STEPS,
        cfg: float = CFG,
        sampler: str = "euler",
        scheduler: str = SCHEDULER,
        denoise: float = 1.0,
        **more,
    ) -> dict:
        """A LATENT by the Rectified KSampler with a schedule of these changes; by the host's KSampler for None."""
        from noise_rectification.nodes.core.schedule import Schedule

        inputs = {
            "model": model or self.model, "seed": seed, "steps": steps, "cfg": cfg, "sampler_name": sampler,
            "scheduler": scheduler, "positive": self.positive, "negative": self.negative,
            "latent_image": latent or self.latent(), "denoise": denoise,
        }  # fmt: skip
        if schedule is None:
            return node("KSampler", **inputs, **more)
        return node("NRKSampler", **inputs, schedule=Schedule(**schedule), **more)

    def sample(self, clip, schedule: dict, **more):
        """A video [F, H, W, 3] held to `clip`, or to the one picture that it is. more: see `sampled`."""
        return self.decoded(self.sampled(schedule, self.latent(clip), **more))

    def decoded(self, latent: dict):
        """The video [F, H, W, 3] of a LATENT."""
        return node("VAEDecode", samples=latent, vae=self.vae).clamp(0, 1)

    def moved(self, video, fill: str = "stretch the border") -> tuple:
        from private_host.pack import run_node

        return run_node("NRMovePicture", image=self.picture, video=video, amount=1.0, length=0, fill=fill)

    def filmed(self, pan: float, tilt: float, zoom: float, roll: float) -> tuple:
        from private_host.pack import run_node

        inputs = {"image": self.picture, "length": FRAMES, "pan": pan, "tilt": tilt, "zoom": zoom, "roll": roll}
        return run_node("NRCameraMove", easing=["linear"], **{name: [value] for name, value in inputs.items()})

    def dragged(self, part, path: str) -> tuple:
        """part: MASK [1, H, W]. path: as the node reads it."""
        from private_host.pack import run_node

        return run_node("NRDragPicture", image=self.picture, part=part, length=FRAMES, path=path, easing="linear",
                        width=0, height=0, resize="stretch")  # fmt: skip


def measure_video(video: np.ndarray, picture: np.ndarray, truth: np.ndarray) -> dict:
    """The pack's own measures of a video [F, H, W, 3], and its PSNR to the true clip."""
    from noise_rectification.nodes.core import metrics

    mean = metrics.measure(video, picture).mean
    pairs = zip(video[1:], truth[1:], strict=True)
    return {
        PSNR: float(np.mean([metrics.psnr(a, b) for a, b in pairs])),
        "fidelity along motion": mean["fidelity_along_motion"],
        "motion": mean["motion"],
        "SSIM to picture": mean["ssim"],
        "visible": mean["visible"],
        "flicker": mean["flicker"],
    }


def film(path: Path, most: int | None = None) -> np.ndarray:
    """The first frames of whatever PIL or PyAV opens, by itself all of them: [F, H, W, 3] of uint8."""
    import av
    from PIL import Image, ImageSequence

    if path.suffix in (".webp", ".gif", ".png"):
        pages = islice(ImageSequence.Iterator(Image.open(path)), most)
        return np.stack([np.asarray(page.convert("RGB")) for page in pages])
    with av.open(str(path)) as video:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in islice(video.decode(video=0), most)])


def version_of_host() -> str:
    return runpy.run_path(str(COMFYUI / "comfyui_version.py"))["__version__"]


def arguments(program: str) -> argparse.ArgumentParser:
    """What every program that is told can be asked; its docstring is the help."""
    parser = argparse.ArgumentParser(description=program, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", action="store_true", help="measure nothing: write the tables of what is kept again")
    return parser


def keep(name: str, results: dict) -> None:
    (HERE / f"{name}.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def kept(name: str) -> dict:
    return json.loads((HERE / f"{name}.json").read_text())


def texts() -> list[Path]:
    """The texts that may tell of measurements, in every language."""
    others = [ROOT / "README.md", ROOT / "nodes" / "demo_model" / "README.md"]
    return others + sorted([*HERE.glob("*.md"), *(ROOT / "js" / "docs").rglob("*.md")])


def write(tables: dict[str, list[str]]) -> None:
    """Writes tables, by their names, between their marks in all texts."""
    for path in texts():
        before = path.read_text()
        after = filled(before, tables)
        if after != before:
            path.write_text(after)
            print(f"Written: {path.relative_to(ROOT)}")


def filled(text: str, tables: dict[str, list[str]]) -> str:
    """A text with these tables between their marks; the marks of others hold what they held."""

    def with_its_table(part: re.Match) -> str:
        if part["name"] not in tables:
            return part[0]
        return part[1] + "\n" + "\n".join(tables[part["name"]]) + "\n\n" + part[5]

    return MARKED.sub(with_its_table, text)


def table(rows: dict[str, dict], head: str = "method") -> list[str]:
    """Lines of a Markdown table: a row for each name, a column for each key of any row.

    Numbers are told with two decimals, texts as they are; – where a row does not have the column or knows no value.
    """
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [f"| {head} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    return lines + [f"| {name} | " + " | ".join(cell(row.get(c)) for c in columns) + " |" for name, row in rows.items()]


def cell(value: float | str | None, decimals: int = 2) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:.{decimals}f}"


def in_short(*methods: dict) -> dict[str, str]:
    """Three cells on one method, or on several parted by slashes, each by its measures (see `measure_video`)."""
    columns = {
        "likeness to the true clip, PSNR in dB": (PSNR, 1),
        "fidelity along the motion, SSIM": ("fidelity along motion", 2),
        "motion, pixels per frame": ("motion", 2),
    }
    return {
        title: " / ".join(cell(values[column], decimals) for values in methods)
        for title, (column, decimals) in columns.items()
    }
