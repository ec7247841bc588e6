"""Masks that fit what they are of, runs of few steps, and a log that says what was done and why nothing was."""

import logging

import comfy.samplers
import pytest
import torch
from noise_rectification.nodes.core.schedule import Schedule
from private_host.pack import run_node
from runs import custom, ksampler, patched
from stand_ins.model_zoo import ZOO, cases
from stand_ins.models import sd15, still_latent, wan

HELD = Schedule(omega=(0.0,), tau_end=1.0)


@pytest.fixture
def said(caplog):
    """What the pack's log has said so far."""
    caplog.set_level(logging.INFO, logger="noise_rectification")
    return lambda: [r.getMessage() for r in caplog.records if r.name == "noise_rectification"]


@pytest.fixture(scope="module", params=["frames on batch", "five axes"])
def model(request):
    return sd15() if request.param == "frames on batch" else wan()


def clip_of(model, frames=4):
    return still_latent(model, frames=frames, size=4)


# A mask goes the way of its pictures.


def pixel_vae():
    return run_node("NRLoadDemoModel")[1]


def halves(high, wide, side):
    """A mask that is white in one half: left, right, top, bottom."""
    mask = torch.zeros(1, high, wide)
    area = {"left": mask[..., : wide // 2], "right": mask[..., wide // 2 :], "top": mask[:, : high // 2],
            "bottom": mask[:, high // 2 :]}[side]  # fmt: skip
    area.fill_(1)
    return mask


@pytest.mark.parametrize("resize", ["center crop", "stretch", "pad"])
@pytest.mark.parametrize(("size", "to"), [((128, 64), (64, 64)), ((64, 128), (64, 64)), ((48, 80), (96, 64))])
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_mask_is_where_its_pictures_are(resize, size, to, side):
    """The mask drawn as a picture comes out the same as the mask, on every way to the video's size."""
    mask = halves(*size, side)
    picture = mask[..., None].expand(-1, -1, -1, 3)
    latent, fitted = run_node("NRStillVideoLatent", image=picture, vae=pixel_vae(), length=2, width=to[1],
                              height=to[0], resize=resize, mask=mask)  # fmt: skip
    shown = run_node("VAEDecode", samples=latent, vae=pixel_vae())[0][0, ..., 0]
    assert fitted.shape == (1, *to)
    torch.testing.assert_close(fitted[0], shown, atol=0.01, rtol=0)


def test_a_camera_moves_mask_follows_its_frames_through_a_crop():
    """A picture twice as high as the video: a fifth of the last frame was free though it is shown."""
    picture = torch.rand(1, 128, 64, 3, generator=torch.Generator().manual_seed(1))
    moves = {"length": [4], "pan": [0.0], "tilt": [0.3], "zoom": [1.0], "roll": [0.0], "easing": ["linear"]}
    frames, visible, _ = run_node("NRCameraMove", image=[picture], **moves)
    fitted = run_node("NRStillVideoLatent", image=frames, vae=pixel_vae(), length=4, width=64, height=64,
                      resize="center crop", mask=visible)[1]  # fmt: skip
    torch.testing.assert_close(fitted, visible[:, 32:96], atol=0.01, rtol=0)


def test_without_a_mask_what_was_padded_is_black_and_all_else_white():
    picture = torch.rand(1, 32, 64, 3)
    inputs = {"image": picture, "vae": pixel_vae(), "length": 2, "width": 64, "height": 64}
    padded = run_node("NRStillVideoLatent", **inputs, resize="pad")[1]
    assert torch.equal(padded, halves(64, 64, "top").roll(16, 1))
    assert torch.equal(run_node("NRStillVideoLatent", **inputs, resize="stretch")[1], torch.ones(1, 64, 64))


def test_masks_are_cut_like_their_pictures_where_the_length_is_rounded():
    frames, masks = torch.rand(5, 16, 16, 3), torch.rand(5, 16, 16)
    fitted = run_node("NRStillVideoLatent", image=frames, vae=pixel_vae(), length=5, width=0, height=0,
                      resize="stretch", mask=masks)[1]  # fmt: skip
    assert torch.equal(fitted, masks)


@pytest.mark.parametrize(("size", "told"), [((64, 128), True), ((64, 64), False), ((32, 32), False)])
def test_a_mask_that_is_squeezed_at_the_sampler_is_told(said, size, told):
    model = wan()
    ksampler("NRKSampler", model, {"samples": clip_of(model)}, schedule=HELD, mask=torch.ones(1, *size))
    assert any("another shape than the video" in line for line in said()) == told


# Masks per video.


def test_each_video_of_a_batch_has_its_own_mask(flow_model):
    """Two masks for two videos: one is held, the other is as without the pack."""
    clip = clip_of(flow_model).repeat(2, 1, 1, 1, 1)
    masks = torch.stack([torch.ones(8, 8), torch.zeros(8, 8)])
    out = ksampler("NRKSampler", flow_model, {"samples": clip}, schedule=HELD, mask=masks)["samples"]
    plain = ksampler("KSampler", flow_model, {"samples": clip})["samples"]
    torch.testing.assert_close(out[0], clip[0], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(out[1], plain[1], atol=1e-3, rtol=1e-3)


def test_masks_that_could_be_for_frames_or_for_videos_are_told(flow_model, said):
    clip = clip_of(flow_model, frames=3).repeat(3, 1, 1, 1, 1)
    ksampler("NRKSampler", flow_model, {"samples": clip}, schedule=HELD, mask=torch.ones(3, 8, 8))
    (line,) = [line for line in said() if line.startswith("mask:")]
    assert "taken for the 3 latent frames" in line and "the 3 videos" in line


# What is counted was changed.


def test_a_black_mask_is_told_once_and_counts_nothing(model, said):
    """Load Image's mask of a picture without transparency."""
    clip = clip_of(model)
    out = ksampler("NRKSampler", model, {"samples": clip}, schedule=HELD, mask=torch.zeros(1, 64, 64))["samples"]
    assert torch.equal(out, ksampler("KSampler", model, {"samples": clip})["samples"])
    (line,) = said()
    assert line.startswith("Nothing was rectified: the mask is black all over")


def test_a_black_mask_holds_no_colours_either(model, said):
    """And no line says that they were."""
    clip, colours = clip_of(model), Schedule(hold_colours=1.0)
    ksampler("NRKSampler", model, {"samples": clip}, schedule=colours, mask=torch.zeros(1, 8, 8))
    assert [line[:40] for line in said()] == ["Nothing was rectified: the mask is black"]


@pytest.mark.parametrize("name", cases([name for name, stand_in in ZOO.items() if stand_in.clean]))
def test_a_pivot_that_has_nothing_to_lend_is_told(name, said):
    """ω 1 lends the other frames the pivot's bias alone, and the model is shown the pivot without noise."""
    stand_in = ZOO[name]
    model = stand_in.build()
    clip = stand_in.clip(model)
    prompts = {"positive": stand_in.conditioning(clip, 0), "negative": stand_in.conditioning(clip, 1)}
    followed, held = Schedule(omega=(1.0,), tau_end=1.0), HELD
    for schedule in (followed, held):
        ksampler("NRKSampler", model, {"samples": clip}, schedule=schedule, **prompts)
    first, last = said()
    assert "the model is shown the pivot frame without noise" in first
    assert last == "Rectified 6 of 6 model predictions."


def test_empty_tau_and_held_colours_say_one_thing(model, said):
    clip = clip_of(model)
    ksampler("NRKSampler", model, {"samples": clip}, schedule=Schedule(tau_start=0, tau_end=0, hold_colours=1.0))
    first, last = said()
    assert first == "tau_start equals tau_end: no step is rectified. Colours are held at every step."
    assert last == "Held the colours of 6 of 6 model predictions."


def test_strength_0_says_that_colours_are_not_held(model, said):
    clip, off = clip_of(model), Schedule(strength=0, hold_colours=1.0)
    out = ksampler("NRKSampler", model, {"samples": clip}, schedule=off)["samples"]
    assert torch.equal(out, ksampler("KSampler", model, {"samples": clip})["samples"])
    assert said() == ["strength is 0, which leaves the model untouched: hold_colours does nothing."]


# Runs of one step, and noise levels that are no numbers.


@pytest.mark.parametrize("sampler", ["dpm_adaptive", "dpm_fast", "uni_pc", "uni_pc_bh2"])
def test_a_sampler_that_gives_the_noise_back_is_named_as_the_cause(model, said, sampler):
    ksampler("NRKSampler", model, {"samples": clip_of(model)}, sampler=sampler, steps=1, schedule=HELD)
    (line,) = said()
    assert line.startswith("Nothing was rectified: in 1 step this sampler gives back the noise")


@pytest.mark.parametrize("sampler", [s for s in comfy.samplers.KSampler.SAMPLERS
                                     if s not in ("dpm_adaptive", "dpm_fast", "uni_pc", "uni_pc_bh2")])  # fmt: skip
def test_every_other_sampler_rectifies_its_one_step(flow_model, said, sampler):
    clip, schedule = clip_of(flow_model), Schedule(omega=(0.0,), tau_end=0.5)
    ksampler("NRKSampler", flow_model, {"samples": clip}, sampler=sampler, steps=1, schedule=schedule)
    assert said() == ["Rectified 1 of 1 model predictions."]


@pytest.mark.parametrize("denoise", [0.02, 0.3])
def test_a_refining_run_of_one_step_is_not_taken_for_one_that_gives_the_noise_back(flow_model, said, denoise):
    clip = clip_of(flow_model)
    ksampler("NRKSampler", flow_model, {"samples": clip}, steps=1, denoise=denoise, schedule=HELD)
    assert said() == ["Rectified 1 of 1 model predictions."]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_noise_levels_that_are_no_numbers_are_named_as_the_cause(model, said, bad):
    custom(patched(model, HELD), {"samples": clip_of(model)}, sigmas=torch.tensor([bad, 0.0]))
    (line,) = said()
    assert line.startswith("Nothing was rectified: the scheduler's noise levels hold NaN or infinite")


def test_kl_optimal_in_one_step_does_not_blame_the_model(model, said):
    ksampler("NRKSampler", model, {"samples": clip_of(model)}, steps=1, scheduler="kl_optimal", schedule=HELD)
    assert [line for line in said() if "kl_optimal" in line] == said()


def test_a_tau_without_a_whole_step_says_how_many_it_needs(model, said):
    schedule = Schedule(tau_start=0.3, tau_end=0.5)
    ksampler("NRKSampler", model, {"samples": clip_of(model)}, steps=2, schedule=schedule)
    (line,) = said()
    assert "tau (0.3 to 0.5) holds no whole step of 2. Give it 3 steps or more, or widen tau." in line


# CFG++: samplers that put back the noise of the unconditional prediction.

# But for one that looks back over several steps and injects noise: it jumps where tau ends, see the last test.
CFG_PP = [
    name
    for name in comfy.samplers.KSampler.SAMPLERS
    if name.endswith("cfg_pp") and name != "res_multistep_ancestral_cfg_pp"
]


def distance(samples, clip):
    return float((samples - clip).square().mean().sqrt() / clip.std())


@pytest.fixture(scope="module")
def demo():
    """The demo model as a flow model at shift 5, and what its samplers need."""
    model, vae = run_node("NRLoadDemoModel", sampling="flow")
    picture = run_node("NRDemoPicture", picture="coffee")[0]
    clip = run_node("NRStillVideoLatent", image=picture, vae=vae, length=16, width=0, height=0,
                    resize="center crop")[0]["samples"]  # fmt: skip
    positive, negative = run_node("NRDemoPrompt", motion="pan left")
    shifted = run_node("ModelSamplingSD3", model=model, shift=5.0)[0]
    return shifted, clip, {"positive": positive, "negative": negative, "cfg": 1.25, "scheduler": "simple"}


@pytest.mark.parametrize("sampler", CFG_PP)
@pytest.mark.parametrize("steps", [2, 3, 4])
def test_under_guidance_a_cfg_pp_sampler_comes_nearer_to_the_picture(demo, sampler, steps):
    """It went twice as far from it as without the pack."""
    model, clip, inputs = demo
    plain, ours = (
        ksampler("NRKSampler", model, {"samples": clip}, sampler=sampler, steps=steps, schedule=schedule, **inputs)
        for schedule in (Schedule(strength=0.0), Schedule(tau_end=0.3))
    )
    assert distance(ours["samples"], clip) < 0.9 * distance(plain["samples"], clip)


@pytest.mark.parametrize("sampler", CFG_PP)
def test_what_other_packs_are_told_of_the_unconditional_prediction_stays_theirs(flow_model, sampler):
    """A post-cfg function that was there before the sampler sees the host's own tensor, which is not written to."""
    seen, clip = [], clip_of(flow_model)
    watched = flow_model.clone()

    def watch(args):
        seen.append((args["uncond_denoised"], args["uncond_denoised"].clone()))
        return args["denoised"]

    watched.set_model_sampler_post_cfg_function(watch)
    ksampler("NRKSampler", watched, {"samples": clip}, sampler=sampler, schedule=HELD)
    assert seen and all(torch.equal(told, as_it_was) for told, as_it_was in seen)


def test_a_sampler_that_asks_twice_in_a_step_gets_one_answer_for_both(eps_model):
    """dpm_2's second question fell out of tau where its first one lay in it: it went further from the picture."""
    clip = clip_of(eps_model)
    plain, ours = (
        ksampler("NRKSampler", eps_model, {"samples": clip}, sampler="dpm_2", steps=2, schedule=schedule)["samples"]
        for schedule in (Schedule(strength=0.0), Schedule(tau_end=0.3))
    )
    assert distance(ours, clip) < 0.9 * distance(plain, clip)


@pytest.mark.parametrize(("steps", "told"), [(3, True), (4, True), (8, False)])
def test_in_few_steps_a_cut_that_a_sampler_extrapolates_is_told(flow_model, said, steps, told):
    clip, schedule = clip_of(flow_model), Schedule(tau_end=0.3)
    ksampler("NRKSampler", flow_model, {"samples": clip}, sampler="res_multistep", steps=steps, schedule=schedule)
    ksampler("NRKSampler", flow_model, {"samples": clip}, sampler="euler", steps=steps, schedule=schedule)
    assert [f"a run of {steps} steps" in line for line in said() if "extrapolates" in line] == [True] * told
