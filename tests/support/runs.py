"""Runs of the host's sampler nodes and of the pack's, with what they need by default."""

from __future__ import annotations

import comfy.samplers
import torch
from comfy.patcher_extension import WrappersMP, add_wrapper_with_key
from noise_rectification.nodes.core import frames
from private_host.pack import run_node
from stand_ins.models import conditioning

SEED, STEPS = 5, 6


def ksampler(node_id, model, latent, sampler="euler", schedule=None, **more):
    inputs = {
        "model": model, "seed": SEED, "steps": STEPS, "cfg": 4.0, "sampler_name": sampler, "scheduler": "normal",
        "positive": conditioning(model, 0), "negative": conditioning(model, 1), "latent_image": latent, "denoise": 1.0,
    }  # fmt: skip
    if schedule is not None:
        inputs["schedule"] = schedule
    return run_node(node_id, **{**inputs, **more})[0]


def advanced(node_id, model, latent, sampler="euler", schedule=None, noise=True, start=0, end=99, leave=False, **more):
    inputs = {
        "model": model, "add_noise": "enable" if noise else "disable", "noise_seed": SEED, "steps": STEPS, "cfg": 4.0,
        "sampler_name": sampler, "scheduler": "normal", "positive": conditioning(model, 0),
        "negative": conditioning(model, 1), "latent_image": latent, "start_at_step": start, "end_at_step": end,
        "return_with_leftover_noise": "enable" if leave else "disable",
    }  # fmt: skip
    if schedule is not None:
        inputs["schedule"] = schedule
    return run_node(node_id, **{**inputs, **more})[0]


def patched(model, schedule, **more):
    return run_node("NRApply", model=model, schedule=schedule, **more)[0]


def guider_of(kind, model):
    a, b, c = (conditioning(model, i) for i in range(3))
    if kind == "basic":
        return run_node("BasicGuider", model=model, conditioning=a)[0]
    if kind == "cfg":
        return run_node("CFGGuider", model=model, positive=a, negative=b, cfg=4.0)[0]
    if kind == "perp neg":
        return run_node("PerpNegGuider", model=model, positive=a, negative=b, empty_conditioning=c, cfg=4.0,
                        neg_scale=1.0)[0]  # fmt: skip
    return run_node("DualCFGGuider", model=model, cond1=a, cond2=b, negative=c, cfg_conds=4.0, cfg_cond2_negative=3.0,
                    style=kind.split()[-1])[0]  # fmt: skip


def custom(model, latent, sampler="euler", sigmas=None, noise=True, guider=None, **more):
    """SamplerCustomAdvanced; `sampler` is a name or a SAMPLER."""
    if sigmas is None:
        sigmas = comfy.samplers.calculate_sigmas(model.get_model_object("model_sampling"), "normal", STEPS)
    return run_node(
        "SamplerCustomAdvanced",
        noise=run_node("RandomNoise", noise_seed=SEED)[0] if noise is True else noise,
        guider=guider or guider_of("cfg", model),
        sampler=comfy.samplers.sampler_object(sampler) if isinstance(sampler, str) else sampler,
        sigmas=sigmas, latent_image=latent, **more,
    )[0]  # fmt: skip


def drift(model, samples, clip):
    """Largest distance from the still clip, in the model's own units."""
    return float((model.model.process_latent_in(samples) - model.model.process_latent_in(clip)).abs().max())


def moving_with(model, motion, shapes=None):
    """A model whose guided prediction is `motion` of what it says of the first frame: [F, C, H, W] from [C, H, W].

    shapes: of the latents that are packed into one, the video's first.
    """
    other = model.clone()

    def predict(executor, *args, **kwargs):
        denoised = executor(*args, **kwargs)
        part = frames.VideoPart(tuple(shapes or [tuple(denoised.shape)]))
        moved = torch.stack([motion(video[0], len(video)) for video in part.video(denoised)])
        return part.replace(denoised, moved)

    add_wrapper_with_key(WrappersMP.PREDICT_NOISE, "motion", predict, other.model_options, is_model_options=True)
    return other


def standing(frame, count):
    return frame.expand(count, *frame.shape)
