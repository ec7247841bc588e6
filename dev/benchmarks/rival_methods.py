"""The rivals of rivals.py: each a way to keep a video true to its picture, with the knob that its makers give it.

Imports that need the host stand inside functions: the host is started first, in each process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.evidence import TAU_ENDS
from benchmarks.harness import BEST, CARRIED, CFG, OFF, SCHEDULER, STEPS, Scene, node

SEED = 0


@dataclass(frozen=True)
class Rival:
    """A way to keep a video true to its picture. make: (scene, knob) -> LATENT, or the video itself."""

    make: Callable
    knob: str
    values: tuple
    told_motion: bool = False  # is given the true motion, which the others must find


def moved_truly(name: str, motion: str, picture) -> tuple:
    """The picture moved as its true clip moves, border stretched, and what of it is visible: [F, H, W, 3], [F, H, W].

    What an artist gets who draws the motion exactly. Of a drawing, only its object moves.
    """
    import torch
    from demo_model.clips import FRAMES, SIZE, render, shipped_scene

    _, item = shipped_scene(name)
    margins = [SIZE // 2] * 4
    pixels = picture.movedim(-1, 1)
    plate = torch.nn.functional.pad(pixels, margins, mode="replicate")
    shown = torch.nn.functional.pad(torch.ones_like(pixels), margins)
    clips = [render(p, item[None] * keep, [motion], FRAMES, 0.0)[0] for p, keep in ((plate, 1), (shown, 0))]
    return clips[0].permute(1, 2, 3, 0).clamp(0, 1), (clips[1][0] > 0.99).float()


# ---- core ------------------------------------------------------------------------------------------------------------


def lower_denoise(scene: Scene, denoise: float) -> dict:
    return scene.sampled(seed=SEED, denoise=denoise)


def published_literally(scene: Scene, tau_end: float) -> dict:
    """The authors' loop, with the model asked directly."""
    import comfy.samplers
    import comfy.utils
    import torch
    from stand_ins.published import published_loop

    inner, frames = scene.model.model, len(scene.truth)
    scene.model.patch_model()
    sigmas = comfy.samplers.calculate_sigmas(inner.model_sampling, SCHEDULER, STEPS)[:-1]
    prompts = [prompt[0][0].expand(frames, -1, -1) for prompt in (scene.positive, scene.negative)]

    def predicted_noise(x, step):
        sigma = sigmas[step]
        noised = (x * (1 + sigma**2).sqrt()).float()
        clean = [inner.apply_model(noised, sigma.expand(frames), c_crossattn=prompt) for prompt in prompts]
        return (noised - clean[1] - CFG * (clean[0] - clean[1])) / sigma

    still = scene.latent()["samples"]
    noise = torch.randn(still.shape, generator=torch.manual_seed(SEED))
    video = published_loop(predicted_noise, inner.process_latent_in(still), noise, 1 / (1 + sigmas**2), (0.0, tau_end))
    scene.model.unpatch_model()
    return {"samples": inner.process_latent_out(video)}


def over_frames(scene: Scene, values):
    """A mask of one value per frame [F, H, W]."""
    return values.reshape(-1, 1, 1).expand(scene.truth.shape[:3]).contiguous()


def noise_mask(scene: Scene, others: float) -> dict:
    """Frame 0 masked off, the other frames masked to `others`."""
    import torch

    values = torch.full((len(scene.truth),), others)
    values[0] = 0
    masked = node("SetLatentNoiseMask", samples=scene.latent(), mask=over_frames(scene, values))
    return scene.sampled(None, masked, seed=SEED)


def differential(scene: Scene, last: float) -> dict:
    """DifferentialDiffusion: a mask that rises over the frames, from 0 to `last`."""
    import torch

    mask = over_frames(scene, torch.linspace(0, last, len(scene.truth)))
    latent = node("SetLatentNoiseMask", samples=scene.latent(), mask=mask)
    return scene.sampled(None, latent, model=node("DifferentialDiffusion", model=scene.model), seed=SEED)


# ---- clips as one latent ---------------------------------------------------------------------------------------------


def as_one_clip(model):
    """The demo model taking a clip as one latent [1, C, F, H, W], as Wan does, and called as what its network is: Wan.

    Both packs know frames in such latents only; RES4LYF's frame weights only in models whose names it lists.
    """
    other = model.clone()
    other.add_object_patch("diffusion_model.forward", model.model.diffusion_model.forward_clip)
    other.model.model_config.unet_config["image_model"] = "wan2.1"
    return other


def one_clip(latent: dict) -> dict:
    """[F, C, H, W] -> [1, C, F, H, W]"""
    return {"samples": latent["samples"].movedim(0, 1)[None].contiguous()}


def by_frames(latent: dict) -> dict:
    """[1, C, F, H, W] -> [F, C, H, W]"""
    return {"samples": latent["samples"][0].movedim(1, 0).float()}


# ---- KJNodes ---------------------------------------------------------------------------------------------------------


def colour_matched(scene: Scene, strength: float):
    """Frame by frame, after plain sampling, by the node's default method."""
    frames = scene.vae.decode(scene.sampled(seed=SEED)["samples"]).clamp(0, 1)
    return node("ColorMatch", image_ref=scene.picture, image_target=frames, method="mkl", strength=strength,
                multithread=False)  # fmt: skip


def inpainted(scene: Scene, steps: float, latent: dict, mask, mended: bool = True) -> dict:
    """LatentInpaintTTM: over the first steps the state is replaced by the noised latent, where the mask is white."""
    model = node("LatentInpaintTTM", model=prompt_by_prompt(as_one_clip(scene.model)), steps=int(steps), mask=mask)
    model = in_model_units(model) if mended else model
    return by_frames(scene.sampled(None, one_clip(latent), model=model, seed=SEED))


def inpainted_as_shipped(scene: Scene, steps: float) -> dict:
    import torch

    return inpainted(scene, steps, scene.latent(), torch.ones(scene.truth.shape[:3]), mended=False)


def inpainted_still(scene: Scene, steps: float) -> dict:
    import torch

    return inpainted(scene, steps, scene.latent(), torch.ones(scene.truth.shape[:3]))


def inpainted_moving(scene: Scene, steps: float) -> dict:
    frames, visible = scene.moving
    return inpainted(scene, steps, scene.latent(frames), visible)


def prompt_by_prompt(model):
    """LatentInpaintTTM fails where the host asks the model for both prompts at once, as it does while memory lasts."""
    import torch

    def one_by_one(apply_model, asked):
        def chosen(value, i):
            return value[i : i + 1] if torch.is_tensor(value) else value

        answers = [
            apply_model(asked["input"][i : i + 1], asked["timestep"][i : i + 1],
                        **{name: chosen(value, i) for name, value in asked["c"].items()})
            for i in range(len(asked["input"]))
        ]  # fmt: skip
        return torch.cat(answers)

    model.set_model_unet_function_wrapper(one_by_one)
    return model


def in_model_units(model):
    """LatentInpaintTTM blends in the latent as the VAE gives it, on another scale than the model's state: mended here.

    Its wrapper around the whole sampling leaves the clip in another one; ours stands between the two.
    """
    from comfy.patcher_extension import WrappersMP

    def rescale(executor, *arguments, **keywords):
        guider = executor.class_obj
        wrappers = guider.model_options["transformer_options"]["wrappers"][WrappersMP.APPLY_MODEL]
        (blend,) = wrappers["TTM_ApplyModel_Wrapper"]
        blend.reference_samples = guider.model_patcher.model.process_latent_in(blend.reference_samples)
        return executor(*arguments, **keywords)

    model.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, "in model units", rescale)
    return model


# ---- RES4LYF ---------------------------------------------------------------------------------------------------------


def res4lyf(scene: Scene, guides=None, options=None) -> dict:
    """ClownsharKSampler at its defaults, res_3m as in its makers' workflows of guides.

    enable_final_model_call: the last step reads the network's answer as noise without it, and ours is the clip.
    """
    found = node(
        "ClownsharKSampler_Beta", model=as_one_clip(scene.model), positive=scene.positive, negative=scene.negative,
        latent_image=one_clip(scene.latent()), eta=0.5, sampler_name="multistep/res_3m", scheduler="beta57",
        steps=STEPS, steps_to_run=-1, denoise=1.0, cfg=CFG, seed=SEED, sampler_mode="standard", bongmath=True,
        guides=guides, extra_options="enable_final_model_call", **({"options": options} if options else {}),
    )  # fmt: skip
    return by_frames(found)


def guide(scene: Scene, mode: str, weight: float, end: int, weights: str = "beta57", projection: bool = False,
          frames=None, mask=None):  # fmt: skip
    latent = scene.latent() if frames is None else scene.latent(frames)
    return node(
        "ClownGuide_Beta", guide_mode=mode, channelwise_mode=False, projection_mode=projection, weight=weight,
        cutoff=1.0, weight_scheduler=weights, start_step=0, end_step=end, invert_mask=False, mask=mask,
        guide=one_clip(latent),
    )  # fmt: skip


def guided_epsilon(scene: Scene, weight: float) -> dict:
    """As the node's defaults have it: projected, over half of the steps."""
    return res4lyf(scene, guide(scene, "epsilon", weight, STEPS // 2, projection=True))


def guided_epsilon_throughout(scene: Scene, weight: float) -> dict:
    """As in the makers' introduction: a constant weight at every step."""
    return res4lyf(scene, guide(scene, "epsilon", weight, 1000, "constant"))


def guided_by_frame_weights(scene: Scene, scale: float) -> dict:
    """As above, the weight falling over the frames: at scale 1 to nothing."""
    options = node("ClownOptions_Frameweights", config_name="frame_weights", dynamics="linear",
                   schedule="slow_early", scale=scale, reverse=False)  # fmt: skip
    return res4lyf(scene, guide(scene, "epsilon", 0.5, 1000, "constant"), options)


def guided_data(scene: Scene, end: float) -> dict:
    return res4lyf(scene, guide(scene, "data", 1.0, int(end), projection=True))


def guided_flow(scene: Scene, end: float) -> dict:
    return res4lyf(scene, guide(scene, "flow", 1.0, int(end)))


def guided_lure(scene: Scene, end: float) -> dict:
    return res4lyf(scene, guide(scene, "lure", 1.0, int(end), "linear_quadratic"))


def guided_sync(scene: Scene, end: float) -> dict:
    return res4lyf(scene, guide(scene, "sync", 1.0, int(end), "constant"))


def guided_moving(scene: Scene, weight: float) -> dict:
    """Epsilon at every step, the guide a moving clip; white is where the guide leaves the model alone."""
    frames, visible = scene.moving
    return res4lyf(scene, guide(scene, "epsilon", weight, 1000, "constant", frames=frames, mask=1 - visible))


# ---- AnimateDiff-Evolved ---------------------------------------------------------------------------------------------


def freeinit(scene: Scene, iterations: float) -> dict:
    """Sampled again and again: low frequencies of the noise from the clip before, high ones fresh; at its defaults."""
    return with_freeinit(scene, iterations=int(iterations))


def freeinit_of_still(scene: Scene, width: float) -> dict:
    """Sampled once, the low frequencies from the still clip. width: of the filter, in time and space."""
    return with_freeinit(scene, apply_to_1st_iter=True, d_s=width, d_t=width)


def with_freeinit(scene: Scene, **changes) -> dict:
    defaults = {"iterations": 1, "filter": "gaussian", "d_s": 0.25, "d_t": 0.25, "n_butterworth": 4, "sigma_step": 999,
                "apply_to_1st_iter": False, "init_type": "FreeInit [sampler sigma]"}  # fmt: skip
    again = node("ADE_IterationOptsFreeInit", **defaults | changes)
    settings = node("ADE_AnimateDiffSamplingSettings", batch_offset=0, noise_type="default", seed_gen="comfy",
                    seed_offset=0, iteration_opts=again)  # fmt: skip
    model = node("ADE_UseEvolvedSampling", model=scene.model, beta_schedule="use existing", sample_settings=settings)
    return scene.sampled(model=model, seed=SEED)


# ---- ours ------------------------------------------------------------------------------------------------------------


def published(scene: Scene, tau_end: float) -> dict:
    return scene.sampled({"tau_end": tau_end}, seed=SEED)


def carried(scene: Scene, tau_end: float) -> dict:
    return scene.sampled(CARRIED | {"tau_end": tau_end}, seed=SEED)


def carried_tight(scene: Scene, tau_end: float) -> dict:
    return scene.sampled(BEST | {"tau_end": tau_end}, seed=SEED)


def softly(scene: Scene, strength: float) -> dict:
    """A little of the correction at every step to the last, towards the image itself: else the pull is forgotten."""
    return scene.sampled({"anchor": "image", "tau_end": 1.0, "strength": strength}, seed=SEED)


def carried_softly(scene: Scene, strength: float) -> dict:
    return scene.sampled(BEST | {"anchor": "image", "strength": strength}, seed=SEED)


def held_moving(scene: Scene, tau_end: float) -> dict:
    """The moving clip in place of the still one, held tightly, masked where it shows nothing."""
    frames, visible = scene.moving
    return scene.sampled({"omega": (0.0,), "tau_end": tau_end}, scene.latent(frames), mask=visible, seed=SEED)


def held_moving_softly(scene: Scene, strength: float) -> dict:
    frames, visible = scene.moving
    changes = {"omega": (0.0,), "anchor": "image", "tau_end": 1.0, "strength": strength}
    return scene.sampled(changes, scene.latent(frames), mask=visible, seed=SEED)


RIVALS = {
    "plain": Rival(lambda scene, _: scene.sampled(OFF, seed=SEED), "", (1.0,)),
    "lower denoise": Rival(lower_denoise, "denoise", (0.8, 0.6, 0.3)),
    "published loop, literally": Rival(published_literally, "τ_end", (0.6, 1.0)),
    "published rule, ours": Rival(published, "τ_end", TAU_ENDS),
    "carried, ours": Rival(carried, "τ_end", TAU_ENDS),
    "carried, ω = 0, ours": Rival(carried_tight, "τ_end", (0.6, 0.9, 1.0)),
    "published rule, softly to the end, ours": Rival(softly, "strength", (0.1, 0.25)),
    "carried, ω = 0, softly to the end, ours": Rival(carried_softly, "strength", (0.25, 0.5)),
    "noise mask on frame 0": Rival(noise_mask, "mask of the others", (1.0, 0.9, 0.5)),
    "DifferentialDiffusion over the frames": Rival(differential, "mask of the last frame", (1.0, 0.7, 0.4)),
    "KJNodes ColorMatch, after plain": Rival(colour_matched, "strength", (0.5, 1.0)),
    "KJNodes LatentInpaintTTM, still clip": Rival(inpainted_still, "steps", (3, 7, 12, 20)),
    "KJNodes LatentInpaintTTM, still clip, as shipped": Rival(inpainted_as_shipped, "steps", (7,)),
    "RES4LYF, no guide": Rival(lambda scene, _: res4lyf(scene), "", (1.0,)),
    "RES4LYF epsilon": Rival(guided_epsilon, "weight", (0.5, 1.0)),
    "RES4LYF epsilon, every step": Rival(guided_epsilon_throughout, "weight", (0.03, 0.1, 0.25, 0.5)),
    "RES4LYF epsilon, frame weights": Rival(guided_by_frame_weights, "scale", (0.5, 1.0)),
    "RES4LYF data": Rival(guided_data, "end step", (2, 10)),
    "RES4LYF lure": Rival(guided_lure, "end step", (3, 14)),
    "RES4LYF flow": Rival(guided_flow, "end step", (3, 7)),
    "RES4LYF sync": Rival(guided_sync, "end step", (9,)),
    "AnimateDiff-Evolved FreeInit": Rival(freeinit, "iterations", (2,)),
    "AnimateDiff-Evolved FreeInit, of the still clip": Rival(freeinit_of_still, "filter width", (0.25,)),
    "moving clip: KJNodes LatentInpaintTTM": Rival(inpainted_moving, "steps", (7, 12, 20), told_motion=True),
    "moving clip: RES4LYF epsilon": Rival(guided_moving, "weight", (0.25, 0.5, 1.0), told_motion=True),
    "moving clip: held, ours": Rival(held_moving, "τ_end", (0.6, 0.9, 1.0), told_motion=True),
    "moving clip: held softly to the end, ours": Rival(held_moving_softly, "strength", (0.5,), told_motion=True),
}


def points() -> dict[str, tuple[Rival, float]]:
    """Every rival at every value of its knob, by its name in the tables."""
    return {
        f"{name}, {rival.knob} {value:g}" if rival.knob else name: (rival, value)
        for name, rival in RIVALS.items()
        for value in rival.values
    }
