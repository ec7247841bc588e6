"""Makes the workflows that are dropped on the canvas: workflows/<name>.json and its thumbnail <name>.jpg.

    .host/venv/bin/python scripts/make_workflows.py [NAME ...]

A graph is written in API form, in titled columns from left to right. The real frontend loads it, tells how high its
nodes are, gives it back and serialises it; whatever it complains about stops the run. Settings and file names are those
that the users of each model know from the official templates.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import chromium
from comfyui_server import comfyui, get
from comfyui_setup import ROOT
from PIL import Image
from playwright.sync_api import ConsoleMessage, Page, Route, sync_playwright

WORKFLOWS = ROOT / "workflows"
PICTURE = "example.png"  # lies in the input folder of every fresh ComfyUI

# ---------------------------------------------------------------------------------------------------------------------
# What a graph is made of


class Output(list):
    """One output of a node, as the API form writes it: [node id, slot]."""

    def slot(self, index: int) -> Output:
        return Output([self[0], index])


@dataclass
class Column:
    title: str
    width: int
    nodes: list[str] = field(default_factory=list)


@dataclass
class Graph:
    """`nodes` in API form, `titles` of nodes that do not bear their own name, `note` in Markdown."""

    name: str
    note: str = ""
    nodes: dict[str, dict] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)

    def column(self, title: str, width: int) -> None:
        """What is added from now on stands in a new column."""
        self.columns.append(Column(title, width))

    def add(self, node_class: str, title: str = "", **inputs) -> Output:
        """Add a node. Inputs that are left out keep the node's own default. Returns its first output."""
        key = str(len(self.nodes) + 1)
        self.nodes[key] = {"class_type": node_class, "inputs": inputs}
        if title:
            self.titles[key] = title
        self.columns[-1].nodes.append(key)
        return Output([key, 0])


GRAPHS: dict[str, Callable[[Graph], None]] = {}


def workflow(describe: Callable[[Graph], None]) -> Callable[[Graph], None]:
    GRAPHS[describe.__name__] = describe
    return describe


# Official files: name -> (folder under models/, address).
HUGGING_FACE = "https://huggingface.co/"
WAN_21 = HUGGING_FACE + "Comfy-Org/Wan_2.1_ComfyUI_repackaged/resolve/main/split_files/"
WAN_22 = HUGGING_FACE + "Comfy-Org/Wan_2.2_ComfyUI_Repackaged/resolve/main/split_files/"
HUNYUAN = HUGGING_FACE + "Comfy-Org/HunyuanVideo_repackaged/resolve/main/split_files/"
HUNYUAN_15 = HUGGING_FACE + "Comfy-Org/HunyuanVideo_1.5_repackaged/resolve/main/split_files/"
SPLIT_FILES = {
    WAN_21: [
        "diffusion_models/wan2.1_i2v_480p_14B_fp16.safetensors",
        "diffusion_models/wan2.1_t2v_1.3B_fp16.safetensors",
        "diffusion_models/wan2.1_flf2v_720p_14B_fp16.safetensors",
        "text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors",
        "vae/wan_2.1_vae.safetensors",
        "clip_vision/clip_vision_h.safetensors",
    ],
    WAN_22: [
        "diffusion_models/wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors",
        "diffusion_models/wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors",
        "diffusion_models/wan2.2_ti2v_5B_fp16.safetensors",
        "vae/wan2.2_vae.safetensors",
    ],
    HUNYUAN: [
        "diffusion_models/hunyuan_video_v2_replace_image_to_video_720p_bf16.safetensors",
        "text_encoders/clip_l.safetensors",
        "text_encoders/llava_llama3_fp8_scaled.safetensors",
        "vae/hunyuan_video_vae_bf16.safetensors",
        "clip_vision/llava_llama3_vision.safetensors",
    ],
    HUNYUAN_15: [
        "diffusion_models/hunyuanvideo1.5_720p_i2v_fp16.safetensors",
        "text_encoders/qwen_2.5_vl_7b_fp8_scaled.safetensors",
        "text_encoders/byt5_small_glyphxl_fp16.safetensors",
        "vae/hunyuanvideo15_vae_fp16.safetensors",
    ],
}
FILES = {path.split("/")[1]: (path.split("/")[0], base + path) for base, paths in SPLIT_FILES.items() for path in paths}
FILES |= {
    name: (folder, HUGGING_FACE + path + name)
    for name, folder, path in [
        ("sigclip_vision_patch14_384.safetensors", "clip_vision", "Comfy-Org/sigclip_vision_384/resolve/main/"),
        ("ltx-video-2b-v0.9.5.safetensors", "checkpoints", "Lightricks/LTX-Video/resolve/main/"),
        ("t5xxl_fp16.safetensors", "text_encoders", "comfyanonymous/flux_text_encoders/resolve/main/"),
        (
            "cosmos_predict2_2B_video2world_480p_16fps.safetensors",
            "diffusion_models",
            "Comfy-Org/Cosmos_Predict2_repackaged/resolve/main/",
        ),
        (
            "oldt5_xxl_fp8_e4m3fn_scaled.safetensors",
            "text_encoders",
            "comfyanonymous/cosmos_1.0_text_encoder_and_VAE_ComfyUI/resolve/main/text_encoders/",
        ),
        (
            "mochi_preview_bf16.safetensors",
            "diffusion_models",
            "Comfy-Org/mochi_preview_repackaged/resolve/main/split_files/diffusion_models/",
        ),
        ("mochi_vae.safetensors", "vae", "Comfy-Org/mochi_preview_repackaged/resolve/main/split_files/vae/"),
        ("svd.safetensors", "checkpoints", "stabilityai/stable-video-diffusion-img2vid/resolve/main/"),
        (
            "v1-5-pruned-emaonly-fp16.safetensors",
            "checkpoints",
            "Comfy-Org/stable-diffusion-v1-5-archive/resolve/main/",
        ),
        ("mm_sd_v15_v2.ckpt", "animatediff_models", "guoyww/animatediff/resolve/main/"),
    ]
}

# What the columns of most graphs hold.
LOAD, PICTURE_AND_PROMPT, HOLD, SAMPLE, WATCH = (
    "1  Load the model",
    "2  Picture and prompt",
    "3  What the video is held to",
    "4  Sample",
    "5  Watch",
)
PROMPT = "The camera moves in slowly. Hair and leaves stir in a light wind. Soft morning light, natural colours."
NEGATIVE = "blurry, overexposed, washed out, low quality, distorted hands, extra limbs, subtitles, watermark"
PAPER = ([[0, 1], [7 / 15, 0.5], [1, 0.5]], "linear")  # ω of the paper: the node's default


def prompts(graph: Graph, clip: Output, prompt: str = PROMPT, negative: str = NEGATIVE) -> tuple[Output, Output]:
    positive = graph.add("CLIPTextEncode", "Prompt: what moves, and how", text=prompt, clip=clip)
    return positive, graph.add("CLIPTextEncode", "Negative prompt", text=negative, clip=clip)


def schedule(graph: Graph, tau_end: float = 0.6, anchor: str = "image", curve: tuple = PAPER, **more) -> Output:
    points, interpolation = curve
    omega = json.dumps({"points": points, "interpolation": interpolation}, separators=(",", ":"))
    return graph.add("NRSchedule", omega_curve=omega, tau_end=tau_end, anchor=anchor, **more)


def watch(graph: Graph, samples: Output, vae: Output, fps: int) -> None:
    graph.column(WATCH, 420)
    frames = graph.add("VAEDecode", samples=samples, vae=vae)
    video = graph.add("CreateVideo", images=frames, fps=fps)
    graph.add("SaveVideo", video=video, filename_prefix="video/rectified")


def note(title: str, about: str, try_first: list[str], checked: str, graph: Graph) -> None:
    """Title, what the graph does, which files it needs, what to try first, and what was checked of it."""
    used = dict.fromkeys(v for n in graph.nodes.values() for v in n["inputs"].values() if not isinstance(v, list))
    files = [f"- `{FILES[name][0]}/` [{name}]({FILES[name][1]})" for name in used if name in FILES]
    tries = [f"- {line}" for line in try_first]
    graph.note = "\n".join(
        [f"## {title}", "", about, "", "### Put into `ComfyUI/models/`", "", *files]
        + ["", "### Try first", "", *tries, "", f"*{checked}*", ""]
    )


NOT_MEASURED = "ω and τ here are starting points: nothing was measured on this model. "
RUN = NOT_MEASURED + (
    "On ComfyUI 0.3.75 this graph is tested to load, to validate and to run to its video on a small random model of "
    "the same class; it was not run on the model's own files."
)
RUN_IN_PART = NOT_MEASURED + (
    "On ComfyUI 0.3.75 this graph is tested to load; without the other pack's node it validates and runs to its video "
    "on a small random model. It was not run on the models' own files, nor with the other pack."
)
IMAGE_ANCHOR = (
    "`anchor` is *image*: sampling starts at almost pure noise, where the paper's *reference noise* forgets the "
    "picture within a few steps. Try both."
)
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

# ---------------------------------------------------------------------------------------------------------------------
# The graphs


@workflow
def demo_image_to_video(graph: Graph) -> None:
    """The demo's own graph, but for its picture: one truth, demo/image_to_video.api.json."""
    graph.nodes = json.loads((ROOT / "demo" / "image_to_video.api.json").read_text())
    graph.nodes["2"]["inputs"]["image"] = PICTURE  # an artist's input folder has none of the demo's pictures
    graph.titles = {
        "7": "KSampler: plain, for comparison",
        "8": "Rectified KSampler",
        "13": "Plain video",
        "14": "Rectified video",
    }
    graph.columns = [
        Column("1  Model and picture", 320, ["1", "2", "4"]),
        Column("2  What the video is held to", 420, ["3", "5"]),
        Column("3  The same seed, plain and rectified", 340, ["7", "8"]),
        Column("4  Frames, enlarged", 320, ["9", "11", "10", "12"]),
        Column("5  Watch", 400, ["13", "14"]),
        Column("The schedule, drawn", 400, ["6", "15"]),
    ]
    graph.note = """## A picture becomes a video

The demo model knows **motions**, not pictures: it never saw your image. Left alone (upper sampler) it drifts away from it. Rectified (lower sampler), the same model with the same seed stays true to it.

**Press Run**, then try:
- another **motion**, or another picture (any size, the model works at 64x64; small ones to try lie in this pack's folder `demo/pictures`)
- **tau_end** 0.6 → 0.9: more fidelity, less motion; → 0.3: more freedom
- the **ω curve** lower: frames are held more firmly to the image; higher: they move more
- **strength** 0: exactly the plain KSampler
- any other sampler, `euler_ancestral` or `dpmpp_2m_sde` too

With your own model: replace the two demo nodes by your loaders and prompts, and set width, height and length in Still Video Latent. The other templates of this pack show how, model by model.
"""  # noqa: E501


@dataclass
class Wan:
    model: Output
    clip: Output
    vae: Output


def load_wan(graph: Graph, file: str, vae: str = "wan_2.1_vae.safetensors", shift: float = 8) -> Wan:
    graph.column(LOAD, 350)
    loaded = graph.add("UNETLoader", unet_name=file)
    model = graph.add("ModelSamplingSD3", model=loaded, shift=shift)
    clip = graph.add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan")
    return Wan(model, clip, graph.add("VAELoader", vae_name=vae))


@workflow
def wan21_image_to_video(graph: Graph) -> None:
    size = {"width": 512, "height": 512, "length": 33}
    wan = load_wan(graph, "wan2.1_i2v_480p_14B_fp16.safetensors")
    vision = graph.add("CLIPVisionLoader", clip_name="clip_vision_h.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    seen = graph.add("CLIPVisionEncode", clip_vision=vision, image=picture, crop="none")
    positive, negative = prompts(graph, wan.clip)
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=wan.vae, **size)
    held = schedule(graph, tau_end=0.3)
    graph.column(SAMPLE, 340)
    own = graph.add(
        "WanImageToVideo", positive=positive, negative=negative, vae=wan.vae, clip_vision_output=seen,
        start_image=picture, **size,
    )  # fmt: skip
    samples = graph.add(
        "NRKSampler", model=wan.model, seed=7, steps=20, cfg=6, sampler_name="uni_pc", scheduler="simple",
        positive=own, negative=own.slot(1), latent_image=own.slot(2), schedule=held, reference=still,
    )  # fmt: skip
    watch(graph, samples, wan.vae, fps=16)
    note(
        "Wan 2.1, image to video",
        EMPTY_LATENT,
        [
            "`tau_end` 0.3: this model sees the picture already, a little help is enough. " + MORE_OR_LESS,
            IMAGE_ANCHOR,
            "`strength` 0 gives exactly the plain KSampler, with the same seed: compare.",
        ],
        RUN,
        graph,
    )


@workflow
def wan21_text_to_video_as_image_to_video(graph: Graph) -> None:
    wan = load_wan(graph, "wan2.1_t2v_1.3B_fp16.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    positive, negative = prompts(graph, wan.clip)
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=wan.vae, width=832, height=480, length=33)
    held = schedule(graph)
    graph.column(SAMPLE, 340)
    samples = graph.add(
        "NRKSampler", model=wan.model, seed=7, steps=30, cfg=6, sampler_name="uni_pc", scheduler="simple",
        positive=positive, negative=negative, latent_image=still, schedule=held,
    )  # fmt: skip
    watch(graph, samples, wan.vae, fps=16)
    note(
        "Wan 2.1 text to video, given a picture",
        "This model was never trained on pictures as an input. **Still Video Latent** goes straight to the sampler's "
        "`latent_image`: noise rectification alone turns text-to-video into image-to-video.",
        [
            "`tau_end` 0.6, and a prompt that describes the picture *and* its motion. " + MORE_OR_LESS,
            IMAGE_ANCHOR,
            "The video jumps when τ ends: `tau_ramp` 0.2.",
        ],
        RUN,
        graph,
    )


@workflow
def wan22_14b_two_experts(graph: Graph) -> None:
    size = {"width": 640, "height": 640, "length": 81}
    graph.column(LOAD, 360)
    high, low = (
        graph.add(
            "ModelSamplingSD3",
            model=graph.add("UNETLoader", f"{noise.capitalize()}-noise expert", unet_name=file),
            shift=8,
        )
        for noise, file in [
            ("high", "wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors"),
            ("low", "wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors"),
        ]
    )
    clip = graph.add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan")
    vae = graph.add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    positive, negative = prompts(graph, clip)
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, **size)
    held = schedule(graph)
    graph.column(SAMPLE, 360)
    own = graph.add(
        "WanImageToVideo", positive=positive, negative=negative, vae=vae, start_image=picture, **size
    )  # fmt: skip
    sampling = {
        "steps": 20, "cfg": 3.5, "sampler_name": "euler", "scheduler": "simple", "positive": own,
        "negative": own.slot(1), "schedule": held,
    }  # fmt: skip
    half = graph.add(
        "NRKSamplerAdvanced", "First half: high-noise expert", model=high, add_noise="enable", noise_seed=7,
        latent_image=own.slot(2), start_at_step=0, end_at_step=10, return_with_leftover_noise="enable",
        reference=still, **sampling,
    )  # fmt: skip
    samples = graph.add(
        "NRKSamplerAdvanced", "Second half: low-noise expert", model=low, add_noise="disable", noise_seed=0,
        latent_image=half, start_at_step=10, end_at_step=10000, return_with_leftover_noise="disable", **sampling,
    )  # fmt: skip
    watch(graph, samples, vae, fps=16)
    note(
        "Wan 2.2 14B: two experts, one schedule",
        "**The same schedule goes to both samplers.** τ counts all 20 steps, and the second sampler continues where "
        "the first one stopped: it needs no `reference`. " + EMPTY_LATENT,
        [
            "`tau_end` 0.6: the high-noise expert all through, then two steps of the other. `tau_end` 0.3 or 0.5: the "
            "high-noise expert alone.",
            MORE_OR_LESS,
            IMAGE_ANCHOR,
            "With the 4-step LoRAs: `steps` 4, `cfg` 1, the change of expert at step 2.",
        ],
        RUN,
        graph,
    )


@workflow
def wan22_5b(graph: Graph) -> None:
    size = {"width": 1280, "height": 704, "length": 121}
    wan = load_wan(graph, "wan2.2_ti2v_5B_fp16.safetensors", vae="wan2.2_vae.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    positive, negative = prompts(graph, wan.clip)
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=wan.vae, **size)
    held = schedule(graph, tau_end=0.3)
    graph.column(SAMPLE, 340)
    own = graph.add("Wan22ImageToVideoLatent", vae=wan.vae, start_image=picture, **size)
    samples = graph.add(
        "NRKSampler", model=wan.model, seed=7, steps=20, cfg=5, sampler_name="uni_pc", scheduler="simple",
        positive=positive, negative=negative, latent_image=own, schedule=held, reference=still,
    )  # fmt: skip
    watch(graph, samples, wan.vae, fps=24)
    note(
        "Wan 2.2 5B",
        HELD_FRAME,
        [
            "`tau_end` 0.3: this model sees the picture already. " + MORE_OR_LESS,
            IMAGE_ANCHOR,
            "Short of memory: `length` 49 on both nodes.",
        ],
        RUN,
        graph,
    )


@workflow
def first_and_last_frame(graph: Graph) -> None:
    size = {"width": 720, "height": 1280, "length": 33}
    wan = load_wan(graph, "wan2.1_flf2v_720p_14B_fp16.safetensors")
    vision = graph.add("CLIPVisionLoader", clip_name="clip_vision_h.safetensors")
    graph.column("2  First and last picture", 340)
    first, last = (graph.add("LoadImage", f"{which} picture", image=PICTURE) for which in ("First", "Last"))
    seen_first, seen_last = (
        graph.add("CLIPVisionEncode", clip_vision=vision, image=picture, crop="none") for picture in (first, last)
    )
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=first, vae=wan.vae, end_image=last, **size)
    held = schedule(graph, tau_end=0.3, curve=([[0, 0.5], [0.5, 1], [1, 0]], "monotone_cubic"))
    graph.column("4  Prompt, sample", 380)
    positive, negative = prompts(graph, wan.clip)
    own = graph.add(
        "WanFirstLastFrameToVideo", positive=positive, negative=negative, vae=wan.vae,
        clip_vision_start_image=seen_first, clip_vision_end_image=seen_last, start_image=first, end_image=last, **size,
    )  # fmt: skip
    samples = graph.add(
        "NRKSampler", model=wan.model, seed=7, steps=20, cfg=3, sampler_name="uni_pc", scheduler="simple",
        positive=own, negative=own.slot(1), latent_image=own.slot(2), schedule=held, reference=still,
    )  # fmt: skip
    watch(graph, samples, wan.vae, fps=16)
    note(
        "From a first to a last picture",
        "With `end_image`, **Still Video Latent** cross-fades from the first picture to the last. The ω curve keeps "
        "the fade out of the video: at the top in the middle, where frames go their own way, and down to 0 at the end, "
        "where the last frame is held to the last picture. The first frame is held whatever its ω.",
        [
            "Both pictures of one size and close in content.",
            "The last picture is missed: pull the curve down over the last quarter. The middle looks like a double "
            "exposure: lift it there, or `tau_end` 0.2.",
            IMAGE_ANCHOR,
        ],
        RUN,
        graph,
    )


@workflow
def masked_hold_background(graph: Graph) -> None:
    size = {"width": 832, "height": 480}
    wan = load_wan(graph, "wan2.1_t2v_1.3B_fp16.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", "Picture, with the subject painted over", image=PICTURE)
    positive, negative = prompts(
        graph,
        wan.clip,
        "The subject turns its head and looks around. The camera stands still, nothing else moves.",
        NEGATIVE + ", camera shake, moving background",
    )
    graph.column("3  Mask: white = held", 340)
    background = graph.add("InvertMask", "Everything but the subject", mask=picture.slot(1))
    as_picture = graph.add("MaskToImage", mask=background)
    fitted = [
        graph.add("ImageScale", title, image=image, upscale_method="bilinear", crop="center", **size)
        for title, image in [("Mask, cut like the video", as_picture), ("Picture, cut like the video", picture)]
    ]
    mask = graph.add("ImageToMask", image=fitted[0], channel="red")
    still = graph.add("NRStillVideoLatent", image=fitted[1], vae=wan.vae, length=33, **size)
    graph.column("4  What the video is held to", 420)
    held = schedule(graph, tau_end=0.9, curve=([[0, 0], [1, 0]], "linear"))
    graph.column("5  Sample", 340)
    samples = graph.add(
        "NRKSampler", model=wan.model, seed=7, steps=30, cfg=6, sampler_name="uni_pc", scheduler="simple",
        positive=positive, negative=negative, latent_image=still, schedule=held, mask=mask,
    )  # fmt: skip
    watch(graph, samples, wan.vae, fps=16)
    graph.columns[-1].title = "6  Watch"
    note(
        "Hold the background, free the subject",
        "Right-click the picture, **Open in MaskEditor**, paint over what may move. The painted part is left to the "
        "model; the rest is rectified with ω = 0, held to the picture. Nothing painted: everything is held.\n\n"
        "Mask and picture are cut alike before they are used, so that they lie on one another.",
        [
            "Paint generously: the subject needs room to move in.",
            "The background still swims: `tau_end` 1. The seam shows: `tau_end` 0.7, or `tau_ramp` 0.2.",
            "Works with every model of this pack's templates: link `mask` in the same way.",
        ],
        RUN,
        graph,
    )


@workflow
def hunyuan_video_image_to_video(graph: Graph) -> None:
    size = {"width": 720, "height": 720, "length": 53}
    graph.column(LOAD, 360)
    loaded = graph.add("UNETLoader", unet_name="hunyuan_video_v2_replace_image_to_video_720p_bf16.safetensors")
    shifted = graph.add("ModelSamplingSD3", model=loaded, shift=7)
    clip = graph.add(
        "DualCLIPLoader", clip_name1="clip_l.safetensors", clip_name2="llava_llama3_fp8_scaled.safetensors",
        type="hunyuan_video",
    )  # fmt: skip
    vision = graph.add("CLIPVisionLoader", clip_name="llava_llama3_vision.safetensors")
    vae = graph.add("VAELoader", vae_name="hunyuan_video_vae_bf16.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    seen = graph.add("CLIPVisionEncode", clip_vision=vision, image=picture, crop="none")
    prompt = graph.add(
        "TextEncodeHunyuanVideo_ImageToVideo", "Prompt: what moves, and how", clip=clip, clip_vision_output=seen,
        prompt=PROMPT,
    )  # fmt: skip
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, **size)
    held = schedule(graph, tau_end=0.3)
    model = graph.add("NRApply", model=shifted, schedule=held, reference=still)
    graph.column(SAMPLE, 340)
    own = graph.add(
        "HunyuanImageToVideo", positive=prompt, vae=vae, start_image=picture, guidance_type="v2 (replace)", **size
    )
    guidance = graph.add("FluxGuidance", conditioning=own, guidance=6)
    samples = graph.add(
        "SamplerCustomAdvanced",
        noise=graph.add("RandomNoise", noise_seed=7),
        guider=graph.add("BasicGuider", model=model, conditioning=guidance),
        sampler=graph.add("KSamplerSelect", sampler_name="euler"),
        sigmas=graph.add("BasicScheduler", model=shifted, scheduler="simple", steps=20, denoise=1.0),
        latent_image=own.slot(1),
    )
    watch(graph, samples, vae, fps=24)
    note(
        "HunyuanVideo, image to video",
        HELD_FRAME + "\n\n**Apply Noise Rectification** patches the model, so this model's usual sampler and guider "
        "stay as they are.",
        [
            "`tau_end` 0.3: this model sees the picture already. " + MORE_OR_LESS,
            IMAGE_ANCHOR,
            "With the model's first version (hunyuan_video_image_to_video_720p_bf16): `guidance_type` *v1 (concat)*.",
        ],
        RUN,
        graph,
    )


@workflow
def hunyuan_video_15(graph: Graph) -> None:
    size = {"width": 1280, "height": 720, "length": 121}
    graph.column(LOAD, 360)
    loaded = graph.add("UNETLoader", unet_name="hunyuanvideo1.5_720p_i2v_fp16.safetensors")
    shifted = graph.add("ModelSamplingSD3", model=loaded, shift=7)
    clip = graph.add(
        "DualCLIPLoader", clip_name1="qwen_2.5_vl_7b_fp8_scaled.safetensors",
        clip_name2="byt5_small_glyphxl_fp16.safetensors", type="hunyuan_video_15",
    )  # fmt: skip
    vision = graph.add("CLIPVisionLoader", clip_name="sigclip_vision_patch14_384.safetensors")
    vae = graph.add("VAELoader", vae_name="hunyuanvideo15_vae_fp16.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    seen = graph.add("CLIPVisionEncode", clip_vision=vision, image=picture, crop="center")
    positive, negative = prompts(graph, clip, negative="")
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, **size)
    held = schedule(graph, tau_end=0.3)
    model = graph.add("NRApply", model=shifted, schedule=held, reference=still)
    graph.column(SAMPLE, 340)
    own = graph.add(
        "HunyuanVideo15ImageToVideo", positive=positive, negative=negative, vae=vae, start_image=picture,
        clip_vision_output=seen, **size,
    )  # fmt: skip
    samples = graph.add(
        "SamplerCustomAdvanced",
        noise=graph.add("RandomNoise", noise_seed=7),
        guider=graph.add("CFGGuider", model=model, positive=own, negative=own.slot(1), cfg=6),
        sampler=graph.add("KSamplerSelect", sampler_name="euler"),
        sigmas=graph.add("BasicScheduler", model=shifted, scheduler="simple", steps=20, denoise=1.0),
        latent_image=own.slot(2),
    )
    watch(graph, samples, vae, fps=24)
    note(
        "HunyuanVideo 1.5, image to video",
        EMPTY_LATENT + "\n\n**Apply Noise Rectification** patches the model, so this model's usual sampler and guider "
        "stay as they are.",
        [
            "`tau_end` 0.3: this model sees the picture already. " + MORE_OR_LESS,
            IMAGE_ANCHOR,
            "Short of memory: `length` 61 on both nodes, or 848x480 with the 480p model (shift 5).",
        ],
        RUN,
        graph,
    )


@workflow
def ltx_video(graph: Graph) -> None:
    size = {"width": 768, "height": 512, "length": 97}
    graph.column(LOAD, 350)
    model = graph.add("CheckpointLoaderSimple", ckpt_name="ltx-video-2b-v0.9.5.safetensors")
    vae = model.slot(2)
    clip = graph.add("CLIPLoader", clip_name="t5xxl_fp16.safetensors", type="ltxv")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    positive, negative = prompts(graph, clip)
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, **size)
    held = schedule(graph, tau_end=0.3)
    rectified = graph.add("NRApply", model=model, schedule=held, reference=still)
    graph.column(SAMPLE, 340)
    own = graph.add(
        "LTXVImgToVideo", positive=positive, negative=negative, vae=vae, image=picture, strength=0.15, **size
    )
    at_rate = graph.add("LTXVConditioning", positive=own, negative=own.slot(1), frame_rate=25)
    samples = graph.add(
        "SamplerCustom",
        model=rectified,
        add_noise=True,
        noise_seed=7,
        cfg=3,
        positive=at_rate,
        negative=at_rate.slot(1),
        sampler=graph.add("KSamplerSelect", sampler_name="euler"),
        sigmas=graph.add(
            "LTXVScheduler", steps=30, max_shift=2.05, base_shift=0.95, stretch=True, terminal=0.1, latent=own.slot(2)
        ),
        latent_image=own.slot(2),
    )
    watch(graph, samples, vae, fps=24)
    note(
        "LTX-Video",
        HELD_FRAME + " Lengths are 8n+1.\n\n**Apply Noise Rectification** patches the model, so LTX-Video keeps its "
        "own scheduler.",
        [
            "`strength` 0.15 on the model's own node holds the first frame softly, as its users know it; rectification "
            "adds to it over the whole clip.",
            "`tau_end` 0.3. " + MORE_OR_LESS,
            IMAGE_ANCHOR,
        ],
        RUN,
        graph,
    )


@workflow
def cosmos_predict2(graph: Graph) -> None:
    size = {"width": 848, "height": 480, "length": 93}
    graph.column(LOAD, 360)
    model = graph.add("UNETLoader", unet_name="cosmos_predict2_2B_video2world_480p_16fps.safetensors")
    clip = graph.add("CLIPLoader", clip_name="oldt5_xxl_fp8_e4m3fn_scaled.safetensors", type="cosmos")
    vae = graph.add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    positive, negative = prompts(graph, clip)
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, **size)
    held = schedule(graph, tau_end=0.3)
    graph.column(SAMPLE, 340)
    own = graph.add("CosmosPredict2ImageToVideoLatent", vae=vae, start_image=picture, **size)
    samples = graph.add(
        "NRKSampler", model=model, seed=7, steps=35, cfg=4, sampler_name="euler", scheduler="karras",
        positive=positive, negative=negative, latent_image=own, schedule=held, reference=still,
    )  # fmt: skip
    watch(graph, samples, vae, fps=16)
    note(
        "Cosmos Predict2, video to world",
        HELD_FRAME,
        [
            "This model wants its own size and length: 848x480, 93 frames.",
            "`tau_end` 0.3: it sees the picture already. " + MORE_OR_LESS,
            IMAGE_ANCHOR,
        ],
        RUN,
        graph,
    )


@workflow
def mochi_text_to_video_as_image_to_video(graph: Graph) -> None:
    graph.column(LOAD, 350)
    model = graph.add("UNETLoader", unet_name="mochi_preview_bf16.safetensors")
    clip = graph.add("CLIPLoader", clip_name="t5xxl_fp16.safetensors", type="mochi")
    vae = graph.add("VAELoader", vae_name="mochi_vae.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    positive, negative = prompts(graph, clip)
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, width=848, height=480, length=37)
    held = schedule(graph)
    graph.column(SAMPLE, 340)
    samples = graph.add(
        "NRKSampler", model=model, seed=7, steps=30, cfg=4.5, sampler_name="euler", scheduler="simple",
        positive=positive, negative=negative, latent_image=still, schedule=held,
    )  # fmt: skip
    watch(graph, samples, vae, fps=24)
    note(
        "Mochi, given a picture",
        "Mochi has no image-to-video model. **Still Video Latent** goes straight to the sampler's `latent_image`: "
        "noise rectification alone turns text-to-video into image-to-video.",
        [
            "`tau_end` 0.6, and a prompt that describes the picture *and* its motion. " + MORE_OR_LESS,
            IMAGE_ANCHOR,
            "Six frames share one latent frame: lengths are 6n+1, and ω of a latent frame counts for all of its six.",
        ],
        RUN,
        graph,
    )


@workflow
def svd(graph: Graph) -> None:
    graph.column(LOAD, 350)
    loaded = graph.add("ImageOnlyCheckpointLoader", ckpt_name="svd.safetensors")
    model = graph.add("VideoLinearCFGGuidance", model=loaded, min_cfg=1)
    vision, vae = loaded.slot(1), loaded.slot(2)
    graph.column("2  Picture", 380)
    picture = graph.add("LoadImage", image=PICTURE)
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, width=1024, height=576, length=14)
    held = schedule(graph)
    graph.column(SAMPLE, 340)
    own = graph.add(
        "SVD_img2vid_Conditioning", clip_vision=vision, init_image=picture, vae=vae, width=1024, height=576,
        video_frames=14, motion_bucket_id=127, fps=6, augmentation_level=0,
    )  # fmt: skip
    samples = graph.add(
        "NRKSampler", model=model, seed=7, steps=20, cfg=2.5, sampler_name="euler", scheduler="karras",
        positive=own, negative=own.slot(1), latent_image=own.slot(2), schedule=held, reference=still,
    )  # fmt: skip
    watch(graph, samples, vae, fps=10)
    note(
        "Stable Video Diffusion",
        EMPTY_LATENT,
        [
            "`tau_end` 0.6: with this scheduler the first third of the steps is spent where nothing of the picture can "
            "be seen yet. " + MORE_OR_LESS,
            IMAGE_ANCHOR,
            "Much motion wanted: `motion_bucket_id` up, and let τ keep the picture.",
            "svd_xt: 25 frames, on both nodes.",
        ],
        RUN,
        graph,
    )


@workflow
def animatediff(graph: Graph) -> None:
    graph.column(LOAD, 350)
    loaded = graph.add("CheckpointLoaderSimple", ckpt_name="v1-5-pruned-emaonly-fp16.safetensors")
    clip, vae = loaded.slot(1), loaded.slot(2)
    model = graph.add(
        "ADE_AnimateDiffLoaderGen1", model=loaded, model_name="mm_sd_v15_v2.ckpt", beta_schedule="autoselect"
    )
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    positive, negative = prompts(graph, clip)
    graph.column(HOLD, 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, width=512, height=512, length=16)
    held = schedule(graph, anchor="reference noise")
    graph.column(SAMPLE, 340)
    samples = graph.add(
        "NRKSampler", model=model, seed=7, steps=20, cfg=7.5, sampler_name="euler", scheduler="normal",
        positive=positive, negative=negative, latent_image=still, schedule=held,
    )  # fmt: skip
    watch(graph, samples, vae, fps=8)
    note(
        "AnimateDiff (SD 1.5)",
        "The kind of model that the paper worked with: text to video, turned into image to video by noise "
        "rectification alone. The picture's latent, 16 times, goes to `latent_image`.\n\nNeeds the pack "
        "**AnimateDiff-Evolved** for its loader; any SD 1.5 checkpoint and motion module will do.",
        [
            "Everything as it stands: the paper's ω and τ. " + MORE_OR_LESS,
            "Flicker between frames: **Noise Image Latent** before the sampler, `noise_type` *blended*.",
            "Keep to 16 frames without context options.",
        ],
        RUN_IN_PART,
        graph,
    )


@workflow
def image_to_image(graph: Graph) -> None:
    graph.column(LOAD, 350)
    model = graph.add("CheckpointLoaderSimple", ckpt_name="v1-5-pruned-emaonly-fp16.safetensors")
    clip, vae = model.slot(1), model.slot(2)
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = graph.add("LoadImage", image=PICTURE)
    positive, negative = prompts(
        graph, clip, "an oil painting, thick brush strokes, warm evening light", "photo, text, watermark, blurry"
    )
    graph.column("3  What the picture is held to", 420)
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, width=512, height=512, length=1)
    held = schedule(graph, anchor="reference noise", strength=0.5)
    graph.column(SAMPLE, 340)
    samples = graph.add(
        "NRKSampler", model=model, seed=7, steps=20, cfg=8, sampler_name="dpmpp_2m", scheduler="normal",
        positive=positive, negative=negative, latent_image=still, schedule=held,
    )  # fmt: skip
    graph.column("5  Look", 420)
    graph.add("SaveImage", images=graph.add("VAEDecode", samples=samples, vae=vae), filename_prefix="rectified")
    note(
        "Image to image",
        "A clip of one frame: the same idea keeps a *picture* true to its source. `denoise` stays at 1, so colours and "
        "style are free to change; how much of the layout stays is said by the schedule.",
        [
            "`strength` 0.5 with `tau_end` 0.6. More of the source: `strength` up. More of the prompt: `tau_end` 0.3.",
            "The ω curve has no say here: one frame is its own pivot and is always held by `strength` alone.",
            "A `mask` holds parts of the picture only.",
        ],
        RUN,
        graph,
    )


# ---------------------------------------------------------------------------------------------------------------------
# Nodes of other packs, as their pack describes them to the frontend: only what these graphs need

OTHER_PACKS = {
    "ADE_AnimateDiffLoaderGen1": {
        "name": "ADE_AnimateDiffLoaderGen1",
        "display_name": "AnimateDiff Loader 🎭🅐🅓①",
        "description": "",
        "category": "Animate Diff",
        "python_module": "custom_nodes.ComfyUI-AnimateDiff-Evolved",
        "output_node": False,
        "input": {
            "required": {
                "model": ["MODEL"],
                "model_name": [["mm_sd_v15_v2.ckpt"]],
                "beta_schedule": [["autoselect"], {"default": "autoselect"}],
            },
            "optional": {
                name: [name_type]
                for name, name_type in [
                    ("context_options", "CONTEXT_OPTIONS"),
                    ("motion_lora", "MOTION_LORA"),
                    ("ad_settings", "AD_SETTINGS"),
                    ("ad_keyframes", "AD_KEYFRAMES"),
                    ("sample_settings", "SAMPLE_SETTINGS"),
                    ("scale_multival", "MULTIVAL"),
                    ("effect_multival", "MULTIVAL"),
                    ("per_block", "PER_BLOCK"),
                ]
            },
        },
        "input_order": {"required": ["model", "model_name", "beta_schedule"], "optional": []},
        "output": ["MODEL"],
        "output_name": ["MODEL"],
        "output_is_list": [False],
    }
}
ade_inputs = OTHER_PACKS["ADE_AnimateDiffLoaderGen1"]
ade_inputs["input_order"]["optional"] = list(ade_inputs["input"]["optional"])

# ---------------------------------------------------------------------------------------------------------------------
# From a graph to the frontend's file

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
HEART = ("LoadImage", "NRSchedule", "NRKSampler", "NRKSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced")
OUR_COLOURS = {"color": "#233", "bgcolor": "#355"}
NOTE_COLOURS = {"color": "#432", "bgcolor": "#653"}


def takes_widget(kind) -> bool:
    return isinstance(kind, list) or kind in ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")


def inputs_of(definition: dict) -> list[tuple[str, object, dict]]:
    """(name, type, options) of a node's inputs, in their order."""
    found = []
    for part in ("required", "optional"):
        for name in definition["input_order"].get(part, []):
            kind, *rest = definition["input"][part][name]
            found.append((name, kind, rest[0] if rest else {}))
    return found


def with_defaults(graph: Graph, definitions: dict) -> None:
    """Fill in the inputs that the graph leaves to the node, so that its API form is complete."""
    for key, node in graph.nodes.items():
        if node["class_type"] not in definitions:
            raise SystemExit(f"{graph.name}: node {key} is a {node['class_type']}, which the server does not know.")
        known = inputs_of(definitions[node["class_type"]])
        unknown = set(node["inputs"]) - {name for name, _, _ in known}
        if unknown:
            raise SystemExit(f"{graph.name}: node {key}, a {node['class_type']}, has no input {sorted(unknown)}.")
        for name, kind, options in known:
            if takes_widget(kind) and name not in node["inputs"]:
                choices = kind if isinstance(kind, list) else options.get("options", [None])
                node["inputs"][name] = options.get("default", choices[0] if choices else None)


def saved_form(graph: Graph, definitions: dict, sizes: dict[str, list[float]]) -> dict:
    """The graph as the frontend saves it (schema 0.4), laid out with these sizes of nodes."""
    places, groups = layout(graph, sizes)
    nodes, links = {}, []
    for order, (key, api) in enumerate(graph.nodes.items()):
        definition = definitions[api["class_type"]]
        sockets, values = [], []
        for name, kind, options in inputs_of(definition):
            value = api["inputs"].get(name)
            if takes_widget(kind) and not isinstance(value, list):
                values.append(value)
                values += ["fixed"] if options.get("control_after_generate") else []
                values += ["image"] if options.get("image_upload") else []
            else:
                sockets.append({"name": name, "type": kind, "link": None})
        outputs = [
            {"name": name, "type": kind, "links": []}
            for name, kind in zip(definition["output_name"], definition["output"], strict=True)
        ]
        files = [
            {"name": value, "url": FILES[value][1], "directory": FILES[value][0]}
            for value in values
            if isinstance(value, str) and value in FILES and not definition["python_module"].startswith("custom_nodes")
        ]
        nodes[key] = {
            "id": int(key), "type": api["class_type"], "pos": places[key], "size": sizes[key], "flags": {},
            "order": order, "mode": 0, "inputs": sockets, "outputs": outputs, "widgets_values": values,
            "properties": {"Node name for S&R": api["class_type"], **({"models": files} if files else {})},
            **({"title": graph.titles[key]} if key in graph.titles else {}),
            **(OUR_COLOURS if api["class_type"].startswith("NR") else {}),
        }  # fmt: skip
    for key, api in graph.nodes.items():
        for slot, socket in enumerate(nodes[key]["inputs"]):
            if isinstance(source := api["inputs"].get(socket["name"]), list):
                socket["link"] = len(links) + 1
                output = nodes[source[0]]["outputs"][source[1]]
                output["links"].append(socket["link"])
                links.append([socket["link"], int(source[0]), source[1], int(key), slot, output["type"]])
    written = {
        "id": len(nodes) + 1, "type": "MarkdownNote", "pos": places["note"], "size": sizes["note"], "flags": {},
        "order": 0, "mode": 0, "inputs": [], "outputs": [], "properties": {}, "title": "Read me",
        "widgets_values": [graph.note], **NOTE_COLOURS,
    }  # fmt: skip
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"noise-rectification/{graph.name}")),
        "revision": 0,
        "last_node_id": len(nodes) + 1,
        "last_link_id": len(links),
        "nodes": [*nodes.values(), written],
        "links": links,
        "groups": groups,
        "config": {},
        "extra": {"ds": {"scale": 0.6, "offset": [60, 140]}},
        "version": 0.4,
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


# ---------------------------------------------------------------------------------------------------------------------
# The real frontend

SETTINGS = {
    "Comfy.TutorialCompleted": True,
    "Comfy.Validation.Workflows": True,
    "Comfy.Workflow.ShowMissingModelsWarning": False,
    "Comfy.Workflow.Persist": False,
    "Comfy.Minimap.Visible": False,
    "Comfy.Graph.CanvasInfo": False,
    "Comfy.Release.Status": "skipped",
    "Comfy.ColorPalette": "dark",
    "Comfy.Locale": "en",
}
READY = "() => window.app?.canvas && app.vueAppReady && LiteGraph.registered_node_types.NRSchedule"
# Messages pass by: keep what they said.
KEEP_MESSAGES = """
window.messages = [];
new MutationObserver(changes => {
    for (const added of changes.flatMap(change => [...change.addedNodes]))
        if (added.closest?.('.p-toast') || added.querySelector?.('.p-toast-message, [role=dialog]'))
            window.messages.push(added.textContent);
}).observe(document, { childList: true, subtree: true });
"""
LOAD_GRAPH = """async saved => {
    await app.loadGraphData(saved);
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
AT_REST = """() => new Promise(done => {
    const look = () => app.graph._nodes.map(node => [...node.size].map(Math.round)).join() +
        document.querySelectorAll('.nr-editor .nr-handle[aria-valuetext]').length;
    const pictures = app.graph._nodes.filter(node => node.type === 'LoadImage').every(node => node.imgs?.length);
    const editors = app.graph._nodes.filter(node => node.type === 'NRSchedule').length;
    const before = look();
    setTimeout(() => done(pictures && look() === before &&
        [...document.querySelectorAll('.nr-editor')].filter(editor => editor.clientWidth).length >= editors), 250);
})"""
LEAST_SIZES = "() => Object.fromEntries(app.graph._nodes.map(node => [node.id, [...node.computeSize()]]))"
SIZES = "() => Object.fromEntries(app.graph._nodes.map(node => [node.id, [...node.pos, ...node.size]]))"
NOTE_HEIGHT = """() => {
    const last = app.graph._nodes.find(node => node.type === 'MarkdownNote').widgets[0].element.querySelector('.tiptap')
        .lastElementChild;
    return last.offsetTop + last.offsetHeight;
}"""
SHOW_ALL = """([left, top, right, bottom]) => {
    const { ds, canvas } = app.canvas;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    ds.scale = Math.min(width / (right - left), height / (bottom - top));
    ds.offset = [width / ds.scale / 2 - (left + right) / 2, height / ds.scale / 2 - (top + bottom) / 2];
    app.canvas.setDirty(true, true);
}"""


def main(names: list[str]) -> None:
    WORKFLOWS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as base, comfyui(Path(base)) as address, frontend(address, Path(base)) as page:
        definitions = {**get(f"{address}/object_info"), **OTHER_PACKS}
        for name in names or GRAPHS:
            graph = Graph(name)
            GRAPHS[name](graph)
            with_defaults(graph, definitions)
            saved = through_the_frontend(page, graph, definitions)
            (WORKFLOWS / f"{name}.json").write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n")
            photograph(page, graph, saved["groups"], WORKFLOWS / f"{name}.jpg")
            print(f"{name}: {len(graph.nodes)} nodes", flush=True)


@contextmanager
def frontend(address: str, base: Path):
    """The page of the real frontend, to which the nodes of OTHER_PACKS are as good as installed."""
    shutil.copy(ROOT / "demo" / "pictures" / "astronaut.png", base / "input" / PICTURE)
    post(f"{address}/settings", SETTINGS)

    def with_other_packs(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), **OTHER_PACKS})

    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.set_default_timeout(120_000)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(f"page error: {error}"))
        page.on("console", lambda message: page.problems.append(message.text) if is_problem(message) else None)
        page.add_init_script(KEEP_MESSAGES)
        page.route("**/object_info", with_other_packs)
        page.goto(address)
        page.wait_for_function(READY)
        page.evaluate("() => app.extensionManager.command.execute('Workspace.ToggleFocusMode')")
        page.add_style_tag(
            content=".comfy-menu-hamburger, .splitter-overlay-root, .p-toast { display: none !important }"
        )
        yield page
        browser.close()


def is_problem(message: ConsoleMessage) -> bool:
    """What the host says of missing networks and user files comes without this pack too."""
    return message.type == "error" and "Failed to load resource" not in message.text


def post(url: str, content) -> None:
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=60).close()


def through_the_frontend(page: Page, graph: Graph, definitions: dict) -> dict:
    """Load the graph, lay it out by the sizes its nodes take, load it again, have it serialised. Stops at a flaw."""
    page.problems.clear()
    page.evaluate("() => { window.messages.length = 0; }")
    draft = {key: [300, HEIGHTS.get(node["class_type"], 100)] for key, node in graph.nodes.items()}
    draft["note"] = [NOTE_WIDTH, 100]
    show(page, saved_form(graph, definitions, draft))
    least = page.evaluate(LEAST_SIZES)
    sizes = {key: [0, HEIGHTS.get(node["class_type"], least[key][1])] for key, node in graph.nodes.items()}
    sizes["note"] = [NOTE_WIDTH, page.evaluate(NOTE_HEIGHT) + TITLE_BAR + GAP]
    show(page, saved_form(graph, definitions, sizes))
    taken = page.evaluate(SIZES)
    check(graph, page, taken)
    saved = json.loads(page.evaluate("() => JSON.stringify(app.graph.serialize())"))
    saved["extra"] = {"ds": {"scale": 0.6, "offset": [60, 140]}}
    return saved


def show(page: Page, saved: dict) -> None:
    page.evaluate(LOAD_GRAPH, saved)
    right = max(group["bounding"][0] + group["bounding"][2] for group in saved["groups"])
    page.evaluate(SHOW_ALL, [-GAP, -GAP, right + GAP, saved["groups"][0]["bounding"][3] + GAP])
    page.wait_for_function(AT_REST)


def check(graph: Graph, page: Page, taken: dict) -> None:
    missing = page.evaluate("() => app.graph._nodes.map(n => n.type).filter(t => !LiteGraph.registered_node_types[t])")
    came_back = page.evaluate("async () => (await app.graphToPrompt()).output")
    came_back = {key: {part: node[part] for part in ("class_type", "inputs")} for key, node in came_back.items()}
    for node in (*graph.nodes.values(), *came_back.values()):
        if "omega_curve" in node["inputs"]:  # JSON, of which the curve editor has a spelling of its own
            node["inputs"]["omega_curve"] = json.loads(node["inputs"]["omega_curve"])
    flaws = [f"missing node {kind}" for kind in missing] + page.problems + page.evaluate("() => window.messages")
    for key in sorted(graph.nodes.keys() | came_back.keys(), key=int):
        if graph.nodes.get(key) != came_back.get(key):
            flaws.append(f"node {key} went in as {graph.nodes.get(key)}\nand came back as {came_back.get(key)}")
    flaws += [f"nodes {one} and {other} overlap" for one, other in overlaps(taken)]
    if flaws:
        raise SystemExit(f"{graph.name}:\n" + "\n".join(flaws))


def overlaps(taken: dict[str, list[float]]) -> list[tuple[str, str]]:
    """Pairs of nodes that lie on one another, their title bars included."""
    boxes = {key: (x, y - TITLE_BAR, x + width, y + height) for key, (x, y, width, height) in taken.items()}
    return [
        (one, other)
        for one, a in boxes.items()
        for other, b in boxes.items()
        if one < other and a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]


def photograph(page: Page, graph: Graph, groups: list[dict], path: Path) -> None:
    """The thumbnail: from the picture to the sampler, where the graph does what the others do not."""
    shown = [
        group["bounding"]
        for group, column in zip(groups, graph.columns, strict=True)
        if any(graph.nodes[key]["class_type"] in HEART for key in column.nodes)
    ]
    left, right = shown[0][0], shown[-1][0] + shown[-1][2]
    page.evaluate(SHOW_ALL, [left - PADDING, -PADDING, right + PADDING, shown[0][3] + PADDING])
    page.wait_for_function(AT_REST)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize((480, 270), Image.Resampling.LANCZOS)
    picture.save(path, quality=85, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
