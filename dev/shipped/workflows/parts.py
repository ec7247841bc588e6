"""What most recipes have in common: the columns and their nodes, and the note beside the graph."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .files import FILES
from .graph import Graph, Output
from .thumbnails import Drawing

PICTURE = "example.png"  # lies in the input folder of every fresh ComfyUI
OLDEST, NEWER = "0.3.75", "0.33.0"  # the ComfyUIs that workflows are made with: NEWER where OLDEST lacks a node

LOAD, PICTURE_AND_PROMPT, HOLD, SAMPLE, WATCH = (
    "1  Load the model",
    "2  Picture and prompt",
    "3  What the video is held to",
    "4  Sample",
    "5  Watch",
)
SETTLE, CARRY, SAMPLE_THE_REST, WATCH_CARRIED = (
    "3  Sample until the motion shows",
    "4  The picture, carried along it",
    "5  Sample the rest",
    "6  Watch",
)
PROMPT = "The camera moves in slowly. Hair and leaves stir in a light wind. Soft morning light, natural colours."
NEGATIVE = "blurry, overexposed, washed out, low quality, distorted hands, extra limbs, subtitles, watermark"
PAPER = ([[0, 1], [7 / 15, 0.5], [1, 0.5]], "linear")  # ω of the paper: the node's default
FIRMLY = ([[0, 0], [1, 0]], "linear")  # ω 0: the picture, as it moves, is what every frame shall be
CARRIED = {"curve": FIRMLY, "motion_compensation": 1.0}  # with `vae` linked at the sampler

# ---- the sentences that several notes share

NOT_MEASURED = "ω and τ here are starting points: nothing was measured on this model. "
RUN = NOT_MEASURED + (
    "On ComfyUI {host} this graph is tested to load, to validate and to run to its video on small random models of "
    "the same classes; it was not run on the models' own files."
)
RUN_IN_PART = NOT_MEASURED + (
    "On ComfyUI {host} this graph is tested to load; without the other pack's node it validates and runs to its video "
    "on a small random model. It was not run on the models' own files, nor with the other pack."
)
IMAGE_ANCHOR = (
    "`anchor` is *image*: sampling starts at almost pure noise, where the paper's *reference noise* forgets the "
    "picture within a few steps. Try both."
)
CARRIED_BY_ITSELF = (
    "\n\n**The VAE is linked**, so the picture is carried in pixels: early in the run, when layout and motion are "
    "settled, the motion is looked at once, the picture moved along it, and the rest of the run held to that. "
)
CARRIED_BETWEEN = (
    "Two stages with a look between them. The first, left to the model, settles layout and motion. **Carry Picture** "
    "looks at what the model makes of it, moves the picture along that motion in pixels, and the second stage is held "
    "to the moving picture, so `motion_compensation` stays 0."
)
STIFF_OR_FREE = (
    "It looks glued on, nothing lives in it: `tau_end` down by 0.1, or `strength` 0.5. It goes its own way: `tau_end` "
    "up by 0.2. Held to the end, light and water are the picture's too."
)
LOOK_AND_ON = (
    "the look comes when layout and motion are settled, and τ has to go on from there; a picture that moves may be "
    "held longer than one that stands still. "
)
STILL_AGAIN = "`motion_compensation` 0.5: half as far; 0: held to the still picture, then with the paper's ω."
MORE_OR_LESS = (
    "Too far from the picture: `tau_end` up by 0.2. Too stiff: `tau_end` down by 0.2, or the curve's right end up."
)
EMPTY_LATENT = (
    "The model's own node gives the sampler an **empty** latent: the picture is in its conditioning only. So **Still "
    "Video Latent** goes to `reference`, with the same width, height and length."
)
HELD_FRAME = (
    "The model's own node puts the picture into the first frame and holds it there. **Still Video Latent** goes to "
    "`reference` and says what *all* frames are true to: same width, height and length."
)
KEEPS_ITS_SAMPLER = (
    "\n\n**Apply Noise Rectification** patches the model, so this model's usual sampler and guider stay as they are."
)

# ---- how the notes begin

HERE = "Width, height and length are typed once, beside the picture."
DESCRIBE = (
    "**Your picture** into Load Image, **what it shows and what moves** into the prompt: this model sees no picture. "
    "**Run**. " + HERE
)
START = "**Your picture** into Load Image, **what moves, and how** into the prompt, **Run**. " + HERE

CODE = re.compile(
    "`([^`]+)`"
)  # becomes bold: the host shows code in a blue that is hardly read in half of its palettes

# ---- recipes


@dataclass(frozen=True)
class Recipe:
    """What differs between models. `build` adds the nodes; the rest makes the note.

    start: what the artist does first. cost: memory and time, as the model's official template gives them.
    needs: the oldest ComfyUI that has all of its nodes and its model.
    checked: what was tested of it; {host} is the ComfyUI that it was tested on.
    drawing: of the thumbnail; None: the demo's real result.
    """

    build: Callable[[Graph], None]
    title: str
    about: str
    try_first: list[str] = field(default_factory=list)
    start: str = START
    cost: str = ""
    needs: str = OLDEST
    checked: str = RUN
    drawing: Drawing | None = None

    @property
    def host(self) -> str:
        """The ComfyUI that it is made with and tested on."""
        return OLDEST if self.needs == OLDEST else NEWER

    def graph(self) -> Graph:
        graph = Graph(self.build.__name__)
        self.build(graph)
        graph.note = self.note(graph)
        return graph

    def note(self, graph: Graph) -> str:
        """What to do first, what it costs, which files it needs, how it works, what to try, what was checked of it."""
        used = dict.fromkeys(v for n in graph.nodes.values() for v in n["inputs"].values() if not isinstance(v, list))
        files = [f"- `{FILES[name][0]}/` [{name}]({FILES[name][1]})" for name in used if name in FILES]
        lines = [f"## {self.title}", "", self.start, ""]
        lines += [f"*Official template: {self.cost}*", ""] if self.cost else []
        lines += ["### Put into `ComfyUI/models/`", "", *files, ""] if files else []
        lines += ["### How it works", "", self.about, ""]
        lines += ["### Try first", "", *(f"- {line}" for line in self.try_first), ""]
        if self.checked:
            lines += [f"*Needs ComfyUI {self.needs} or newer. {self.checked.format(host=self.host)}*", ""]
        return CODE.sub(r"**\1**", "\n".join(lines))


RECIPES: dict[str, Recipe] = {}


def workflow(title: str, about: str, **rest) -> Callable:
    """Decorate a function that adds the nodes of a graph. The title is the file's name: galleries show that."""

    def decorate(build: Callable[[Graph], None]) -> Callable[[Graph], None]:
        RECIPES[title] = Recipe(build, title, about, **rest)
        return build

    return decorate


# ---- nodes


@dataclass
class Loaded:
    model: Output
    clip: Output
    vae: Output


def load_wan(graph: Graph, file: str, vae: str = "wan_2.1_vae.safetensors") -> Loaded:
    graph.column(LOAD, 350)
    model = diffusion_model(graph, file, shift=8)
    clip = graph.add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan")
    return Loaded(model, clip, graph.add("VAELoader", vae_name=vae))


def diffusion_model(graph: Graph, file: str, shift: float, title: str = "") -> Output:
    return graph.add("ModelSamplingSD3", model=graph.add("UNETLoader", title, unet_name=file), shift=shift)


@dataclass
class Given:
    """What the artist gives: the picture, cut to the video's size, that size, the prompts, and what CLIP vision sees
    in the picture.

    size: width, height and, of a video, length, as a node takes them: links to where each is typed.
    """

    picture: Output
    size: dict[str, Output]
    positive: Output
    negative: Output
    seen: Output | None = None


def picture_and_prompts(
    graph: Graph, clip: Output, width: int, height: int, length: int = 0, prompt: str = PROMPT,
    negative: str = NEGATIVE, vision: Output | None = None, crop: str = "none",
) -> Given:  # fmt: skip
    graph.column(PICTURE_AND_PROMPT, 380)
    picture, size = fitted_picture(graph, width, height, length)
    seen = vision and graph.add("CLIPVisionEncode", clip_vision=vision, image=picture, crop=crop)
    return Given(picture, size, *prompts(graph, clip, prompt, negative), seen)


def load_picture(graph: Graph, title: str = "Put your picture here") -> Output:
    return graph.add("LoadImage", title, image=PICTURE)


def fitted_picture(
    graph: Graph, width: int, height: int, length: int = 0, title: str = "Put your picture here"
) -> tuple[Output, dict[str, Output]]:
    """The picture, cut to a size that is typed here and nowhere else; that size, with the video's length if any."""
    picture = cut(graph, load_picture(graph, title), "Width and height of the video", width, height)
    size = size_of(graph, picture, width, height)
    return picture, size | ({"length": video_length(graph, length)} if length else {})


def cut(graph: Graph, picture: Output, title: str, width: int | Output, height: int | Output) -> Output:
    return graph.add("ImageScale", title, image=picture, upscale_method="lanczos", width=width, height=height,
                     crop="center")  # fmt: skip


def size_of(graph: Graph, picture: Output, width: int, height: int) -> dict[str, Output]:
    """Width and height of a picture, which are known to be these, as links."""
    measured = graph.add("GetImageSize", image=picture)
    graph.collapse(measured)
    return {"width": measured.giving(width), "height": measured.slot(1).giving(height)}


def video_length(graph: Graph, length: int) -> Output:
    return graph.add("PrimitiveInt", "Length of the video, in frames", value=length).giving(length)


def scaled(graph: Graph, picture: Output, by: float, title: str, width: int, height: int) -> tuple:
    """The fitted picture of width x height made smaller or larger, and its size, as links."""
    other = graph.add("ImageScaleBy", title, image=picture, upscale_method="lanczos", scale_by=by)
    graph.collapse(other)
    return other, size_of(graph, other, round(width * by), round(height * by))


def prompts(graph: Graph, clip: Output, prompt: str = PROMPT, negative: str = NEGATIVE) -> tuple[Output, Output]:
    positive = graph.add("CLIPTextEncode", "Prompt: what moves, and how", text=prompt, clip=clip)
    return positive, graph.add("CLIPTextEncode", "Negative prompt", text=negative, clip=clip)


def hold(graph: Graph, given: Given, vae: Output, **settings) -> tuple[Output, Output]:
    """The still clip and the schedule; `settings` are the schedule's."""
    graph.column(HOLD, 420)
    return still_clip(graph, given.picture, vae, given.size), schedule(graph, **settings)


def still_clip(graph: Graph, picture: Output, vae: Output, size: dict, title: str = "", **more: Output) -> Output:
    return graph.add("NRStillVideoLatent", title, image=picture, vae=vae, **size, **more)


def schedule(
    graph: Graph, title: str = "", tau_end: float = 0.6, anchor: str = "image", curve: tuple = PAPER, **more
) -> Output:
    points, interpolation = curve
    omega = json.dumps({"points": points, "interpolation": interpolation}, separators=(",", ":"))
    return graph.add("NRSchedule", title, omega_curve=omega, tau_end=tau_end, anchor=anchor, **more)


def conditioned(own: Output) -> dict:
    """A sampler's inputs from a model's own image-to-video node, which gives prompts and latent."""
    return {"positive": own, "negative": own.slot(1), "latent_image": own.slot(2)}


def steps(count: int, cfg: float, sampler: str = "euler", scheduler: str = "simple") -> dict:
    """A sampler's numbers, as the users of the model know them."""
    return {"seed": 7, "steps": count, "cfg": cfg, "sampler_name": sampler, "scheduler": scheduler}


def carried_sampling(
    graph: Graph, model: Output, picture: Output, vae: Output, latent: Output, guider: str, look_at: int,
    tau_end: float, sampler: str = "euler", **guider_inputs,
) -> Output:  # fmt: skip
    """20 steps in the host's separate nodes, cut after `look_at`, and the picture carried along what is seen there."""
    sigmas = graph.add("BasicScheduler", model=model, scheduler="simple", steps=20, denoise=1.0)
    parts = graph.add("SplitSigmas", sigmas=sigmas, step=look_at)
    sampler = graph.add("KSamplerSelect", sampler_name=sampler)
    first = graph.add(
        "SamplerCustomAdvanced", "First stage: left to the model", noise=graph.add("RandomNoise", noise_seed=7),
        guider=graph.add(guider, model=model, **guider_inputs), sampler=sampler, sigmas=parts, latent_image=latent,
    )  # fmt: skip
    rectified = carried_between(graph, model, picture, first.slot(1), vae, tau_end)
    graph.column(SAMPLE_THE_REST, 340)
    return graph.add(
        "SamplerCustomAdvanced", "Second stage: held", noise=graph.add("DisableNoise"),
        guider=graph.add(guider, model=rectified, **guider_inputs), sampler=sampler, sigmas=parts.slot(1),
        latent_image=first,
    )  # fmt: skip


def carried_between(
    graph: Graph, model: Output, picture: Output, denoised: Output, vae: Output, tau_end: float
) -> Output:
    """The model of a second stage, held to the picture as it moves in what the first one predicts."""
    graph.column(CARRY, 420)
    carried = graph.add("NRCarryPicture", image=picture, denoised=denoised, vae=vae)
    held = schedule(graph, tau_end=tau_end, curve=FIRMLY)
    return graph.add("NRApply", model=model, schedule=held, reference=carried)


def watch(graph: Graph, samples: Output, vae: Output, fps: int, title: str = WATCH, **sound: Output) -> None:
    """Decode, save and show. `sound`: audio=…, what is to be heard with the video."""
    graph.column(title, 420)
    save_video(graph, graph.add("VAEDecode", samples=samples, vae=vae), fps, **sound)


def save_video(graph: Graph, frames: Output, fps: int, name: str = "rectified", **sound: Output) -> None:
    video = graph.add("CreateVideo", images=frames, fps=fps, **sound)
    graph.add("SaveVideo", video=video, filename_prefix=f"video/{name}")
