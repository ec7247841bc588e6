"""Apply Noise Rectification · Rectified KSampler · Rectified KSampler (Advanced)."""

from __future__ import annotations

from comfy_api.latest import io

from . import CATEGORY
from .core.schedule import Schedule
from .host.log import logger
from .host.sampling import SAMPLERS, SCHEDULERS, Stage, rectify_model, sample_rectified
from .inputs import checked
from .node_schema import FAITHFUL_VIDEO, VIDEO_GENERATION, node_schema
from .schedule import RectificationSchedule

MAX_SEED = 0xFFFFFFFFFFFFFFFF
SWITCH = ["enable", "disable"]


def _schedule_input() -> io.Input:
    return RectificationSchedule.Input(
        "schedule",
        optional=True,
        tooltip="From Rectification Schedule: which frames are held, how firmly, and for which steps. Without one, or "
        "with it bypassed, nothing is rectified.",
    )


def _linked(schedule: Schedule | None) -> Schedule:
    """The schedule; one that leaves sampling to the host where none is linked, as where it is bypassed."""
    if schedule is not None:
        return schedule
    logger.info("schedule: none is linked, so nothing is rectified.")
    return Schedule(strength=0.0)


def _shared_optional_inputs() -> list[io.Input]:
    return [
        io.Latent.Input(
            "reference",
            optional=True,
            tooltip="The latent to be faithful to. Needed where the sampler's own latent is empty (Wan image-to-video, "
            "SVD, HunyuanVideo 1.5). Without it, the sampler's latent is the image.",
        ),
        io.Mask.Input(
            "mask",
            optional=True,
            tooltip="Where to rectify: white fully, black not at all. Hold the background, free the subject. One mask "
            "for the clip, one per latent frame or one per frame of the video; for several videos one each, or each "
            "video's own, one video after the other.",
        ),
        io.Latent.Input(
            "colour_reference",
            optional=True,
            tooltip="The latent whose colours are kept where the schedule's hold_colours is above 0: the first picture "
            "of a video that is made in chunks. What both show is compared; what is new keeps its colours. "
            "Without it, the image's own colours are kept.",
        ),
    ]


def _sampler_inputs(seed: str, switch: list[io.Input], step_range: list[io.Input]) -> list[io.Input]:
    """The host's sampler inputs, same names and order; `switch` and `step_range` are the advanced sampler's own."""
    return [
        io.Model.Input("model", tooltip="The model used for denoising the input latent."),
        *switch,
        io.Int.Input(
            seed,
            default=0,
            min=0,
            max=MAX_SEED,
            control_after_generate=True,
            tooltip="The random seed used for creating the noise.",
        ),
        io.Int.Input("steps", default=20, min=1, max=10000, tooltip="The number of steps of the denoising process."),
        io.Float.Input(
            "cfg",
            default=8.0,
            min=0.0,
            max=100.0,
            step=0.1,
            round=0.01,
            tooltip="Classifier-free guidance: how closely the video follows the prompt. Use what the model asks for.",
        ),
        io.Combo.Input(
            "sampler_name",
            options=SAMPLERS,
            tooltip="The sampling algorithm. Any works; those that inject noise (ancestral, SDE, lcm) too.",
        ),
        io.Combo.Input("scheduler", options=SCHEDULERS, tooltip="How the noise is spread over the steps."),
        io.Conditioning.Input("positive", tooltip="What the video should show."),
        io.Conditioning.Input("negative", tooltip="What the video should not show."),
        io.Latent.Input(
            "latent_image",
            tooltip="The image's latent, from Still Video Latent; or empty, with the "
            "image's latent linked to `reference`.",
        ),
        *step_range,
        _schedule_input(),
        *_shared_optional_inputs(),
        io.Vae.Input(
            "vae",
            optional=True,
            tooltip="The model's VAE. With it, motion_compensation carries the picture in pixels, which is right for "
            "every model: early in the run the motion is looked at once, the picture moved along it and encoded. "
            "Without it, the picture is carried in the latent.",
        ),
    ]


class ApplyNoiseRectification(io.ComfyNode):
    """Tuning-Free Noise Rectification (arXiv 2403.02827) on any MODEL, under any sampler and guider."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRApply",
            search_words=FAITHFUL_VIDEO,
            display_name="Apply Noise Rectification",
            category=CATEGORY,
            description="Patches a model for image to video (i2v), so that every sampler holds its video to the image: "
            "at each step within tau, the predicted noise is corrected with what is known of it. Strength 0 leaves "
            "the model untouched.",
            inputs=[
                io.Model.Input(
                    "model", tooltip="Any video or image model. It stays as it is; the patched one goes out."
                ),
                _schedule_input(),
                *_shared_optional_inputs(),
            ],
            outputs=[io.Model.Output("patched_model", display_name="model", tooltip="The model, rectified.")],
        )

    @classmethod
    @checked()
    def execute(cls, model, schedule=None, reference=None, mask=None, colour_reference=None) -> io.NodeOutput:
        return io.NodeOutput(rectify_model(model, _linked(schedule), reference, mask, colour_reference))


class RectifiedKSampler(io.ComfyNode):
    """The host's KSampler with Apply Noise Rectification inside."""

    @classmethod
    def define_schema(cls):
        denoise = io.Float.Input(
            "denoise",
            default=1.0,
            min=0.0,
            max=1.0,
            step=0.01,
            tooltip="1 starts from pure noise; lower values start nearer to the image.",
        )
        return node_schema(
            node_id="NRKSampler",
            search_words=FAITHFUL_VIDEO,
            essentials_category=VIDEO_GENERATION,
            display_name="Rectified KSampler",
            category=CATEGORY,
            description="KSampler for image to video (i2v) that holds the video to the image: faces, colours and "
            "details stay as in the first frame. Same inputs, same result at strength 0; the schedule says how firmly "
            "each frame is held, and for which steps.",
            inputs=_sampler_inputs("seed", [], [denoise]),
            outputs=[io.Latent.Output("latent", display_name="latent", tooltip="The denoised latent.")],
        )

    @classmethod
    @checked()
    def execute(
        cls, model, latent_image, schedule=None, reference=None, mask=None, colour_reference=None, vae=None, **sampling
    ) -> io.NodeOutput:
        held = _linked(schedule), latent_image, reference, mask, colour_reference, vae
        latent, _ = sample_rectified(model, *held, **sampling)
        return io.NodeOutput(latent)


class RectifiedKSamplerAdvanced(io.ComfyNode):
    """The host's KSamplerAdvanced with Apply Noise Rectification inside; stages hand their anchor on."""

    @classmethod
    def define_schema(cls):
        add_noise = io.Combo.Input(
            "add_noise",
            options=SWITCH,
            tooltip="Disable in a second stage: it continues from the first one's leftover noise.",
        )
        step_range = [
            io.Int.Input("start_at_step", default=0, min=0, max=10000, tooltip="The step at which this stage starts."),
            io.Int.Input("end_at_step", default=10000, min=0, max=10000, tooltip="The step at which this stage ends."),
            io.Combo.Input(
                "return_with_leftover_noise",
                options=SWITCH[::-1],
                tooltip="Enable in a first stage: the next one continues from its noise and its anchor.",
            ),
        ]
        return node_schema(
            node_id="NRKSamplerAdvanced",
            search_words=FAITHFUL_VIDEO + ", two experts, high noise, low noise",
            display_name="Rectified KSampler (Advanced)",
            category=CATEGORY,
            description="KSampler (Advanced) that holds the video to the image, for models sampled in stages (Wan "
            "2.2). A second one continues the first exactly. Tau refers to all `steps`, not to one stage.",
            inputs=_sampler_inputs("noise_seed", [add_noise], step_range),
            outputs=[
                io.Latent.Output(
                    "latent",
                    display_name="latent",
                    tooltip="The latent; with leftover noise it carries its anchor along.",
                ),
                io.Latent.Output(
                    "denoised",
                    display_name="denoised",
                    tooltip="What the model says last of the finished video, before it is rectified: for Carry "
                    "Picture, or to look at.",
                ),
            ],
        )

    @classmethod
    @checked()
    def execute(
        cls, model, add_noise, noise_seed, latent_image, start_at_step, end_at_step, return_with_leftover_noise,
        schedule=None, reference=None, mask=None, colour_reference=None, vae=None, **sampling,
    ) -> io.NodeOutput:  # fmt: skip
        stage = Stage(
            disable_noise=add_noise == "disable",
            start_step=start_at_step,
            last_step=end_at_step,
            force_full_denoise=return_with_leftover_noise == "disable",
        )
        held = _linked(schedule), latent_image, reference, mask, colour_reference, vae
        return io.NodeOutput(*sample_rectified(model, *held, stage, seed=noise_seed, **sampling))


NODES = [ApplyNoiseRectification, RectifiedKSampler, RectifiedKSamplerAdvanced]
