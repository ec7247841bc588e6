"""Load Demo Video Model · Demo Motion Prompt · Demo Picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from comfy_api.latest import io, ui

from . import CATEGORY
from .core.packages import PILLOW
from .demo_model.blocks import LATENTS, PIXELS
from .demo_model.network import NOISE_LEVELS, SAMPLINGS, load_demo_model
from .demo_model.vae import load_demo_vae
from .demo_model.words import MOTIONS, prompt_tokens
from .inputs import checked
from .node_schema import node_schema

PICTURES = Path(__file__).parent / "demo_model" / "pictures"


class LoadDemoModel(io.ComfyNode):
    """A small text-to-video model that comes with the pack, for trying things out on any machine."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRLoadDemoModel",
            search_words="image to video, example, tutorial",
            display_name="Load Demo Video Model",
            category=CATEGORY,
            description="Loads the small video model that comes with this pack: "
            "16 frames of 64x64, in seconds on a CPU. "
            "It was never taught to follow a picture, so it shows what rectification does.",
            inputs=[
                io.Combo.Input(
                    "sampling",
                    options=list(SAMPLINGS),
                    default=NOISE_LEVELS,
                    optional=True,
                    tooltip="How noise and picture are mixed. Noise levels: as in Stable Diffusion and AnimateDiff. "
                    "Flow: as in Wan, HunyuanVideo or LTX-Video; ModelSamplingSD3 sets its shift. "
                    "The weights are the same.",
                ),
                io.Combo.Input(
                    "latent",
                    options=list(LATENTS),
                    default=PIXELS,
                    optional=True,
                    tooltip="What a cell of the latent holds. Pixels: the latent is the picture, frames lie on the "
                    "batch. Blocks: a VAE puts 4x4 pixels and 5 frames into a cell, much as those of Wan, HunyuanVideo "
                    "or LTX-Video do, to try what your own model's latent is like. The video is as good either way.",
                ),
            ],
            outputs=[
                io.Model.Output(
                    "model", display_name="model", tooltip="The demo video model. Prompt it with Demo Motion Prompt."
                ),
                io.Vae.Output(
                    "vae",
                    display_name="vae",
                    tooltip="Its VAE, which loses nothing: the latent is the picture itself, or its blocks as `latent` "
                    "says.",
                ),
            ],
        )

    @classmethod
    @checked()
    def execute(cls, sampling=NOISE_LEVELS, latent=PIXELS) -> io.NodeOutput:
        return io.NodeOutput(load_demo_model(sampling=sampling, latent=latent), load_demo_vae(latent))


class DemoPrompt(io.ComfyNode):
    """The demo model's text encoder: it knows thirteen motions."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRDemoPrompt",
            search_words="camera, motion, pan, zoom, example",
            display_name="Demo Motion Prompt",
            category=CATEGORY,
            description="Tells the demo video model what shall move. Pan, zoom and turn move the camera; "
            "drift moves an object over a background that stays.",
            inputs=[
                io.Combo.Input(
                    "motion",
                    options=list(MOTIONS),
                    default="pan left",
                    tooltip="Pan, zoom, turn: what the camera does, so “pan left” makes the picture slide to the right "
                    "and “turn left” makes it turn clockwise. Drift: where the object goes. Still: nothing moves.",
                ),
            ],
            outputs=[
                io.Conditioning.Output(
                    "positive", display_name="positive", tooltip="The motion, for the sampler's positive input."
                ),
                io.Conditioning.Output(
                    "negative", display_name="negative", tooltip="No prompt at all, for the sampler's negative input."
                ),
            ],
        )

    @classmethod
    @checked()
    def execute(cls, motion) -> io.NodeOutput:
        return io.NodeOutput([[prompt_tokens(motion), {}]], [[prompt_tokens("nothing"), {}]])


class DemoPicture(io.ComfyNode):
    """The pictures that come with the demo model, by name."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRDemoPicture",
            search_words="example image, sample picture",
            display_name="Demo Picture",
            category=CATEGORY,
            description="A picture that comes with this pack, to try it with: 64x64, the size of the demo video model. "
            "It never saw coffee and cameraman while it was trained.",
            inputs=[
                io.Combo.Input(
                    "picture",
                    options=[path.stem for path in sorted(PICTURES.glob("*.png"))],
                    default="coffee",
                    tooltip="Which picture. For one of your own, use Load Image: any size, it is cut to 64x64.",
                ),
            ],
            outputs=[io.Image.Output("image", display_name="image", tooltip="The picture.")],
        )

    @classmethod
    @checked(packages=(PILLOW,))
    def execute(cls, picture) -> io.NodeOutput:
        from PIL import Image

        with Image.open(PICTURES / f"{picture}.png") as file:
            pixels = np.asarray(file.convert("RGB"), dtype=np.float32) / 255
        image = torch.from_numpy(pixels)[None]
        return io.NodeOutput(image, ui=ui.PreviewImage(image, cls=cls))


NODES = [LoadDemoModel, DemoPrompt, DemoPicture]
