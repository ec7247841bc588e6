"""Runs of the host's sampler node and of the pack's on the models of the zoo."""

from __future__ import annotations

from private_host.pack import run_node
from stand_ins.model_zoo import ZOO

STEPS, SEED = 4, 1


def built(name: str):
    """A case: the stand-in of that name, its model and its still clip."""
    stand_in = ZOO[name]
    model = stand_in.build()
    return stand_in, model, stand_in.clip(model)


def prompts(case) -> dict:
    stand_in, _, clip = case
    return {"positive": stand_in.conditioning(clip, 0), "negative": stand_in.conditioning(clip, 1)}


def latent_of(case) -> dict:
    stand_in, _, clip = case
    return {"samples": stand_in.samples(clip)}


def sample(case, schedule=None, sampler="euler", latent=None, **more):
    """The sampled latent, by the host's node without a schedule and by the pack's with one."""
    stand_in, model, _ = case
    inputs = {
        "model": model, "seed": SEED, "steps": STEPS, "cfg": stand_in.cfg, "sampler_name": sampler,
        "scheduler": "normal", "latent_image": latent or latent_of(case), "denoise": 1.0, **prompts(case),
    }  # fmt: skip
    if schedule is not None:
        inputs["schedule"] = schedule
    return run_node("NRKSampler" if schedule else "KSampler", **{**inputs, **more})[0]["samples"]
