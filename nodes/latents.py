"""Still Video Latent · Keyframe Video Latent · Noise Image Latent."""

from __future__ import annotations

from comfy_api.latest import io, ui

from . import CATEGORY
from .core.checks import check_whole
from .core.keyframes import Keyframes
from .core.noise import INDEPENDENT, NOISE_TYPES
from .core.packages import PILLOW
from .host.film import save_clip
from .host.keyframes import keyframe_clip
from .host.noising import ReferenceNoise, noise_latent
from .host.vae import still_video_latent
from .inputs import checked, said_before_the_run
from .node_schema import MAX_SIZE, VIDEO_GENERATION, node_schema, size_inputs


class StillVideoLatent(io.ComfyNode):
    """The latent of a clip in which nothing moves: what a rectified video is held to."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRStillVideoLatent",
            search_words="image to video, i2v, img2vid, wan i2v, photo to video, animate photo, still image, "
            "first frame, start image, start frame, first last frame, last frame, end frame, end image, loop, "
            "encode picture, 图生视频, 静态图, 首帧, 尾帧, 首尾帧, 循环",
            essentials_category=VIDEO_GENERATION,
            display_name="Still Video Latent",
            category=CATEGORY,
            description="Encodes a picture as a clip in which nothing moves. Give the result to a sampler as its "
            "latent_image, or to `reference`: it is what the video is held to.",
            inputs=[
                io.Image.Input(
                    "image",
                    tooltip="The picture to be faithful to. "
                    "A batch of exactly `length` pictures is encoded as the video that it is.",
                ),
                io.Vae.Input("vae", tooltip="The video model's own VAE."),
                io.Int.Input(
                    "length",
                    default=16,
                    min=1,
                    max=MAX_SIZE,
                    tooltip="Video frames. Rounded down to what the VAE can hold "
                    "(Wan and Hunyuan 4n+1, LTX-Video and Cosmos 8n+1, Mochi 6n+1, MiniMax H3 17n+5).",
                ),
                *size_inputs(", rounded down to the VAE's grid"),
                io.Image.Input(
                    "end_image",
                    optional=True,
                    tooltip="A last picture: the clip cross-fades from `image` to it, for first-and-last-frame work.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="A mask of the pictures, such as `visible` of Camera Move: it is cropped, stretched or "
                    "padded as they are, and comes out as `mask`.",
                ),
            ],
            outputs=[
                io.Latent.Output("latent", display_name="latent", tooltip="The still clip's latent."),
                io.Mask.Output(
                    "fitted_mask",
                    display_name="mask",
                    tooltip="For `mask` of the sampler: the linked mask at the video's size; without one, white where "
                    "the picture is and black where it was padded.",
                ),
            ],
        )

    @classmethod
    @checked()
    def execute(cls, image, vae, length, width, height, resize, end_image=None, mask=None) -> io.NodeOutput:
        latent, fitted_mask = still_video_latent(vae, image, length, width, height, resize, end_image, mask)
        return io.NodeOutput({"samples": latent}, fitted_mask)


class KeyframeLatent(io.ComfyNode):
    """The latent of a clip with pictures at several places."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRKeyframeLatent",
            search_words="first and last frame, first last frame, end frame, middle frame, keyframes, flf2v, "
            "multiframe, several images, storyboard, 首尾帧, 关键帧, 中间帧, 多图, 分镜",
            essentials_category=VIDEO_GENERATION,
            display_name="Keyframe Video Latent",
            category=CATEGORY,
            is_output_node=True,
            description="Encodes several pictures as one clip: each at its own frame, moved towards the next where the "
            "motion between them is found, cross-faded where it is not. Each can be held more or less firmly.",
            inputs=[
                io.Image.Input("images", tooltip="The pictures, as a batch (Batch Images)."),
                io.Vae.Input("vae", tooltip="The video model's own VAE."),
                io.String.Input(
                    "places",
                    default="0, -1",
                    tooltip="Where each picture lies: frames of the video from 0 on, with commas between them. "
                    "-1 is the last frame. First, middle and last of 81: 0, 40, -1.",
                ),
                io.String.Input(
                    "strengths",
                    default="1",
                    tooltip="How firmly the video is held to each picture, from 0 to 1: one number for all, or one for "
                    "each. Between two pictures it goes over from one to the other.",
                ),
                io.Int.Input(
                    "length",
                    default=16,
                    min=1,
                    max=MAX_SIZE,
                    tooltip="Video frames. Rounded down to what the VAE can hold.",
                ),
                *size_inputs(", rounded down to the VAE's grid"),
            ],
            outputs=[
                io.Latent.Output(
                    "latent",
                    display_name="latent",
                    tooltip="The clip's latent: for `latent_image` or `reference` of the sampler.",
                ),
                io.Mask.Output(
                    "mask",
                    display_name="mask",
                    tooltip="For `mask` of the sampler: strengths, less where neither picture shows what is seen.",
                ),
                io.String.Output(
                    "pivot_frames",
                    display_name="pivot_frames",
                    tooltip="For `pivot_frames` of the schedule: where the model's error is known.",
                ),
                io.Image.Output("frames", display_name="frames", tooltip="The clip, to look at."),
            ],
        )

    @classmethod
    def validate_inputs(cls, places=None, strengths=None, length=None):
        """The host asks before anything runs. What comes by link is None: nothing that it may be is refused."""

        def check() -> None:
            frames = MAX_SIZE if length is None else check_whole("length", length, 1, MAX_SIZE)
            if places is not None:
                Keyframes.check(places, "1" if strengths is None else strengths, frames)

        return said_before_the_run(check)

    @classmethod
    @checked(packages=(PILLOW,))
    def execute(cls, images, vae, places, strengths, length, width, height, resize) -> io.NodeOutput:
        clip = keyframe_clip(images, vae, places, strengths, length, width, height, resize)
        film = ui.SavedImages([save_clip(clip.frames, "keyframes", cls)], is_animated=True)
        return io.NodeOutput({"samples": clip.samples}, clip.mask, clip.pivot_frames, clip.frames, ui=film)


class NoiseLatent(io.ComfyNode):
    """Adds known noise to an image latent (arXiv 2403.02827, section 3.2: x_T = √ᾱ_T z0 + √(1-ᾱ_T) ε)."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRNoiseLatent",
            search_words="image to video, initial noise, seed, flicker, consistency, 初始噪声, 噪声, 图生视频",
            display_name="Noise Image Latent",
            category=CATEGORY,
            description="Draws the noise that sampling will start from and keeps it with the latent, so that the same "
            "noise serves every sampler: independent per frame as the host draws it, one for all frames, or a blend.",
            inputs=[
                io.Model.Input("model", tooltip="The model that will sample; it decides how an image is noised."),
                io.Latent.Input("latent", tooltip="The image's latent, from Still Video Latent."),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=0xFFFFFFFFFFFFFFFF,
                    control_after_generate=True,
                    tooltip="Seed of the noise. "
                    "With `independent` it is the noise that a KSampler adds with this seed.",
                ),
                io.Combo.Input(
                    "noise_type",
                    options=list(NOISE_TYPES),
                    default=INDEPENDENT,
                    tooltip="independent: each frame its own noise (the paper). shared: "
                    "one frame's noise on all, calmest. blended: between the two, see frame_correlation.",
                ),
                io.Float.Input(
                    "frame_correlation",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="For blended noise: how much of the noise the frames have in common, 0 = none, 1 = all.",
                ),
                io.Sigmas.Input(
                    "sigmas",
                    optional=True,
                    tooltip="Noise levels of the run; `noised` stands at the first. "
                    "Without it, at the model's highest.",
                ),
            ],
            outputs=[
                io.Latent.Output(
                    "latent_with_noise",
                    display_name="latent",
                    tooltip="The clean latent, carrying the noise along: "
                    "the rectified samplers use it in place of the seed's.",
                ),
                io.Latent.Output(
                    "noised",
                    display_name="noised",
                    tooltip="The noised latent: a KSampler (Advanced) with add_noise off continues from it.",
                ),
                io.Noise.Output("noise", display_name="noise", tooltip="The same noise for SamplerCustomAdvanced."),
            ],
        )

    @classmethod
    @checked()
    def execute(cls, model, latent, seed, noise_type, frame_correlation, sigmas=None) -> io.NodeOutput:
        noise = ReferenceNoise(seed, noise_type, frame_correlation)
        return io.NodeOutput(*noise_latent(model, latent, noise, sigmas), noise)


NODES = [StillVideoLatent, KeyframeLatent, NoiseLatent]
