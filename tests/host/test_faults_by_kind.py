"""Faults found in public reports of people who sample video, by kind: each test states what must happen instead."""

import logging
import sys

import comfy.model_management
import comfy.nested_tensor
import comfy.samplers
import pytest
import torch
from comfy.patcher_extension import WrappersMP, add_wrapper_with_key
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.host import special_frames
from private_host.pack import run_node
from runs import STEPS, advanced, custom, drift, guider_of, ksampler, patched
from stand_ins.model_zoo import ZOO, cases
from stand_ins.models import conditioning, sd15, still_latent, wan
from stand_ins.moving_pictures import affine_flow, filmed

HELD = Schedule(omega=(0.0,), tau_end=1.0)
OFF = Schedule(strength=0.0)


@pytest.fixture(scope="module", params=["frames on batch", "five axes"])
def model(request):
    return sd15() if request.param == "frames on batch" else wan()


@pytest.fixture
def said(caplog):
    """What the pack's log has said so far."""
    caplog.set_level(logging.INFO, logger="noise_rectification")
    return lambda: [r.getMessage() for r in caplog.records if r.name == "noise_rectification"]


def clip_of(model, frames=4):
    return still_latent(model, frames=frames, size=4)


def held_to(model, clip, **more):
    return patched(model, HELD, **more)


# A. What the pack remembers is its own, and it writes into nothing of others.


def writing(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """An Euler sampler that spoils every prediction once it has used it."""
    for now, following in zip(sigmas[:-1], sigmas[1:], strict=True):
        denoised = model(x, now * x.new_ones([x.shape[0]]), **extra_args)
        x = x + (x - denoised) / now * (following - now)
        denoised.mul_(-3.0).add_(1.0)
    return x


@pytest.mark.parametrize("tau_start", [0.0, 0.4])
def test_a_sampler_that_writes_into_predictions_gives_the_still_clip(model, tau_start):
    """Also where the first steps lie before τ: their predictions are the sampler's own, and feed the anchor."""
    clip = clip_of(model)
    sampler = comfy.samplers.KSAMPLER(writing)
    if tau_start == 0:
        assert drift(model, custom(held_to(model, clip), {"samples": clip}, sampler)["samples"], clip) <= 1e-4
    late = patched(model, Schedule(omega=(0.0,), tau_start=tau_start, tau_end=1.0))
    written = custom(late, {"samples": clip}, sampler)["samples"]
    torch.testing.assert_close(written, custom(late, {"samples": clip}, "euler")["samples"], atol=1e-4, rtol=1e-4)


def test_lcm_upscale_at_ratio_one_gives_the_still_clip(model):
    clip = clip_of(model)
    if clip.ndim == 5:
        pytest.skip("the host's sampler resizes pictures only")
    sampler = run_node("SamplerLCMUpscale", scale_ratio=1.0, scale_steps=-1, upscale_method="bilinear")[0]
    assert drift(model, custom(held_to(model, clip), {"samples": clip}, sampler)["samples"], clip) <= 1e-4


def test_what_is_linked_is_not_written_into(model):
    """A sampler may write into its noise and its latent: neither is the artist's own tensor."""
    clip = clip_of(model)
    carrying = run_node("NRNoiseLatent", model=model, latent={"samples": clip}, seed=3, noise_type="shared",
                        frame_correlation=0.5)[0]  # fmt: skip
    kept = {key: value.clone() for key, value in carrying.items() if isinstance(value, torch.Tensor)}
    reference = clip.clone()

    class Spoiling(comfy.samplers.KSAMPLER):
        def sample(self, model_wrap, sigmas, extra_args, callback, noise, latent_image=None, *args, **kwargs):
            out = super().sample(model_wrap, sigmas, extra_args, callback, noise.clone(), latent_image.clone(), *args)
            noise.zero_(), latent_image.zero_()
            return out

    spoiling = Spoiling(comfy.samplers.sampler_object("euler").sampler_function)
    patched_model = held_to(model, clip, reference={**carrying, "samples": reference})
    custom(patched_model, {"samples": torch.zeros_like(clip)}, spoiling)
    assert torch.equal(reference, clip)
    assert all(torch.equal(carrying[key], value) for key, value in kept.items())


# B. Any precision the host samples in.


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_a_latent_of_any_precision_is_held(model, dtype):
    clip = clip_of(model).to(dtype)
    out = ksampler("NRKSampler", model, {"samples": clip}, schedule=HELD)["samples"]
    tolerance = 1e-4 if dtype in (torch.float64, torch.float32) else 0.05
    assert torch.isfinite(out).all() and drift(model, out.float(), clip.float()) <= tolerance


# C. What travels in a LATENT is used only for what it was made for.


def first_stage(model, latent, schedule=HELD, **more):
    return advanced("NRKSamplerAdvanced", model, latent, schedule=schedule, end=3, leave=True, **more)


def second_stage(model, latent, schedule=HELD, **more):
    return advanced("NRKSamplerAdvanced", model, latent, schedule=schedule, noise=False, start=3, **more)


def flipped(latent):
    return run_node("LatentFlip", samples=latent, flip_method="y-axis: horizontally")[0]


def test_a_latent_changed_between_two_stages_does_not_bring_the_old_picture_back(model, said):
    changed = flipped(first_stage(model, {"samples": clip_of(model)}))
    with pytest.raises(ValueError, match="^reference: the sampler adds no noise"):
        second_stage(model, changed)
    assert any("made for other samples" in line for line in said())
    clip = torch.flip(clip_of(model), dims=(-1,))
    assert drift(model, second_stage(model, changed, reference={"samples": clip})["samples"], clip) <= 1e-3


def test_a_host_stage_between_two_of_ours_drops_the_anchor(model):
    first = advanced("NRKSamplerAdvanced", model, {"samples": clip_of(model)}, schedule=HELD, end=2, leave=True)
    between = advanced("KSamplerAdvanced", model, first, noise=False, start=2, end=4, leave=True)
    with pytest.raises(ValueError, match="^reference:"):
        advanced("NRKSamplerAdvanced", model, between, schedule=HELD, noise=False, start=4)


def test_upscaling_between_two_stages_goes_with_a_reference_of_the_new_size(model):
    clip = clip_of(model)
    first = first_stage(model, {"samples": clip})
    larger = {key: value for key, value in first.items() if key != "samples"}
    larger["samples"] = torch.nn.functional.interpolate(first["samples"], scale_factor=(1, 2, 2)[-clip.ndim + 2 :])
    reference = torch.nn.functional.interpolate(clip, scale_factor=(1, 2, 2)[-clip.ndim + 2 :])
    out = second_stage(model, larger, reference={"samples": reference})["samples"]
    assert drift(model, out, reference) <= 1e-3


@pytest.mark.parametrize("start", [3, STEPS])
def test_a_middle_stage_without_steps_hands_on_what_it_got(model, start):
    """With start at the end of the schedule the host does not even sample."""
    first = first_stage(model, {"samples": clip_of(model)})
    stage = {"schedule": HELD, "noise": False, "start": start, "end": start, "leave": True}
    middle = advanced("NRKSamplerAdvanced", model, first, **stage)
    expected = second_stage(model, first)["samples"]
    torch.testing.assert_close(second_stage(model, middle)["samples"], expected, atol=1e-4, rtol=1e-4)


def test_a_linked_reference_wins_over_an_anchor_of_another_picture(model):
    clip = clip_of(model)
    other = torch.flip(clip, dims=(-1,))
    first = first_stage(model, {"samples": clip})
    assert drift(model, second_stage(model, first, reference={"samples": other})["samples"], other) <= 1e-3


def test_the_same_reference_at_both_stages_continues_the_first_exactly(model):
    """As two-expert graphs have it: the picture is linked to both samplers."""
    clip = clip_of(model)
    empty, schedule, reference = torch.zeros_like(clip), Schedule(tau_end=0.9), {"samples": clip}
    one = ksampler("NRKSampler", model, {"samples": empty}, schedule=schedule, reference=reference)["samples"]
    first = first_stage(model, {"samples": empty}, schedule, reference=reference)
    second = second_stage(model, first, schedule, reference={"samples": clip.clone()})["samples"]
    torch.testing.assert_close(second, one, atol=1e-4, rtol=1e-4)


def noised(model, clip, seed, noise_type="independent"):
    return run_node("NRNoiseLatent", model=model, latent={"samples": clip}, seed=seed, noise_type=noise_type,
                    frame_correlation=0.5)[0]  # fmt: skip


def test_known_noise_does_not_outlive_a_run_of_the_hosts_sampler(model, said):
    """Seeds of Noise Image Latent were for the run before: the refining run's seed is its own."""
    clip = clip_of(model)
    sampled = {**noised(model, clip, 1), "samples": torch.flip(clip, dims=(-1,))}
    plain = {"samples": sampled["samples"]}
    schedule = Schedule()
    assert torch.equal(
        ksampler("NRKSampler", model, sampled, schedule=schedule)["samples"],
        ksampler("NRKSampler", model, plain, schedule=schedule)["samples"],
    )
    assert any("reference noise" in line and "not used" in line for line in said())


def test_repeating_a_noised_latent_gives_different_videos(flow_model):
    batch = run_node("RepeatLatentBatch", samples=noised(flow_model, clip_of(flow_model), 1, "blended"), amount=3)[0]
    out = ksampler("NRKSampler", flow_model, batch, schedule=Schedule())["samples"]
    assert out.shape[0] == 3
    assert not torch.allclose(out[0], out[1]) and not torch.allclose(out[1], out[2])


@pytest.mark.parametrize("noise_type", ["independent", "shared", "blended"])
def test_each_video_of_a_batch_has_noise_of_its_own(flow_model, noise_type):
    clip = clip_of(flow_model).repeat(2, 1, 1, 1, 1)
    drawn = noised(flow_model, clip, 1, noise_type)["reference_noise"]
    assert not torch.allclose(drawn[0], drawn[1])


def test_noise_that_comes_with_a_reference_is_used(model):
    clip = clip_of(model)
    carrying, empty = noised(model, clip, 77, "shared"), {"samples": torch.zeros_like(clip)}
    by_reference = ksampler("NRKSampler", model, empty, schedule=Schedule(), reference=carrying)["samples"]
    by_latent = ksampler("NRKSampler", model, carrying, schedule=Schedule())["samples"]
    by_apply = ksampler("KSampler", patched(model, Schedule(), reference=carrying), empty)["samples"]
    assert torch.equal(by_reference, by_latent) and torch.equal(by_apply, by_latent)
    assert torch.equal(ksampler("KSampler", patched(model, OFF, reference=carrying), {"samples": clip})["samples"],
                       ksampler("KSampler", model, {"samples": clip})["samples"])  # fmt: skip


# E. What is not finite is named where it enters, and the model is blamed only for its own.


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["reference", "mask", "latent_image"])
def test_what_is_not_finite_is_named_where_it_enters(model, name, bad):
    clip = clip_of(model)
    spoilt = clip.clone()
    spoilt.view(-1)[5] = bad
    inputs = {
        "reference": {"latent": {"samples": clip}, "reference": {"samples": spoilt}},
        "mask": {"latent": {"samples": clip}, "mask": torch.full((1, 8, 8), bad)},
        "latent_image": {"latent": {"samples": spoilt}},
    }[name]
    with pytest.raises(ValueError, match=f"^{name}: .*NaN or infinite"):
        ksampler("NRKSampler", model, inputs.pop("latent"), schedule=Schedule(), **inputs)


def test_steps_whose_prediction_is_broken_are_not_counted(model, said):
    breaking, calls = patched(model, HELD).clone(), []

    def broken(executor, *args, **kwargs):
        calls.append(1)
        denoised = executor(*args, **kwargs)
        return denoised * float("nan") if len(calls) == 2 else denoised

    add_wrapper_with_key(WrappersMP.PREDICT_NOISE, "break", broken, breaking.model_options, is_model_options=True)
    ksampler("KSampler", breaking, {"samples": clip_of(model)})
    assert any(f"Rectified 1 of {STEPS}" in line for line in said()), said()  # after NaN once, x itself is NaN
    assert any("NaN or infinite" in line and f"{STEPS - 1} of the model's" in line for line in said())


# G. Latents of another kind.


def test_a_reference_with_sound_gives_its_video(flow_model):
    clip = clip_of(flow_model)
    nested = comfy.nested_tensor.NestedTensor([clip, torch.randn(1, 8, 20)])
    out = ksampler("NRKSampler", flow_model, {"samples": torch.zeros_like(clip)}, schedule=HELD,
                   reference={"samples": nested})["samples"]  # fmt: skip
    assert drift(flow_model, out, clip) <= 1e-3


def test_layouts_are_told_apart_in_words(flow_model):
    clip = clip_of(flow_model)
    with pytest.raises(ValueError, match=r"^reference: .*4 pictures of 16 channels.*1 video of 4 frames"):
        ksampler("NRKSampler", flow_model, {"samples": clip}, schedule=HELD,
                 reference={"samples": clip[0].movedim(1, 0)})  # fmt: skip


# H. Noise that rises: unsampling.


def test_unsampling_is_left_alone_with_one_warning(model, said):
    clip = clip_of(model)
    sigmas = comfy.samplers.calculate_sigmas(model.get_model_object("model_sampling"), "normal", STEPS)
    rising = run_node("FlipSigmas", sigmas=sigmas)[0]
    off = run_node("DisableNoise")[0]
    ours = custom(patched(model, Schedule()), {"samples": clip}, sigmas=rising, noise=off)["samples"]
    assert torch.equal(ours, custom(model, {"samples": clip}, sigmas=rising, noise=off)["samples"])
    assert len([line for line in said() if "noise rises" in line]) == 1


# I. A run entered twice.


def rerun(executor, *args, **kwargs):
    """What FreeInit loops and tiling do: the inner part of a run again, in one run of the guider."""
    executor(*args, **kwargs)
    return executor(*args, **kwargs)


@pytest.mark.parametrize("order", ["outside", "inside"])
@pytest.mark.parametrize("kind", [WrappersMP.OUTER_SAMPLE, WrappersMP.SAMPLER_SAMPLE])
def test_each_pass_is_a_run_of_its_own(model, said, kind, order):
    clip = clip_of(model)
    if order == "outside":
        twice = model.clone()
        add_wrapper_with_key(kind, "again", rerun, twice.model_options, is_model_options=True)
        twice = patched(twice, HELD)
    else:
        twice = patched(model, HELD)
        add_wrapper_with_key(kind, "again", rerun, twice.model_options, is_model_options=True)
    before = repr(twice.model_options)
    out = ksampler("KSampler", twice, {"samples": clip})["samples"]
    assert drift(model, out, clip) <= 1e-4
    assert [line for line in said() if "ectified" in line] == 2 * [f"Rectified {STEPS} of {STEPS} model predictions."]
    assert repr(twice.model_options) == before


# L, M. Pivots that are no measurement.


@pytest.mark.parametrize("share", [0.001, 1.0])
def test_a_model_that_shows_held_frames_nearly_clean_lends_nothing(flow_model, share):
    """Compared with σ, not with zero: MiniMax H3 shows a thousandth of the noise."""
    clip, nearly = clip_of(flow_model), flow_model.clone()
    original = type(flow_model.model).scale_latent_inpaint

    def shown(self, sigma, noise, latent_image, **kwargs):
        if share == 1.0:
            return original(self, sigma=sigma, noise=noise, latent_image=latent_image, **kwargs)
        return latent_image + share * noise

    mask = torch.ones(1, 1, clip.shape[2], 1, 1)
    mask[:, :, 0] = 0
    latent = {"samples": clip, "noise_mask": mask}
    lent = Schedule(omega=(1.0,), tau_end=1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(flow_model.model), "scale_latent_inpaint", shown)
        host = ksampler("KSampler", nearly, latent)["samples"]
        ours = ksampler("NRKSampler", nearly, latent, schedule=lent)["samples"]
    assert torch.allclose(ours[:, :, 1:], host[:, :, 1:], atol=1e-4) == (share < 1)


@pytest.mark.parametrize("values", [{"time_dim_replace": 1}, {}])
def test_frames_that_the_conditioning_replaces_lend_nothing(flow_model, values):
    """As Kandinsky 5's image-to-video says it. Wan itself does not read the key: only the pack's own change shows."""
    clip = clip_of(flow_model)
    inputs = {key: clip[:, :, :count] for key, count in values.items()}
    positive, negative = ([[prompt, {**more, **inputs}] for prompt, more in side] for side in both_prompts(flow_model))
    lent = Schedule(omega=(1.0,), tau_end=1.0)
    ours = ksampler("NRKSampler", flow_model, {"samples": clip}, schedule=lent, positive=positive, negative=negative)
    host = ksampler("KSampler", flow_model, {"samples": clip}, positive=positive, negative=negative)
    assert torch.allclose(ours["samples"][:, :, 1:], host["samples"][:, :, 1:], atol=1e-4) == bool(values)


def both_prompts(model):
    return conditioning(model, 0), conditioning(model, 1)


# N. Predictions of another size.


def test_a_sampler_that_changes_the_size_is_left_alone_with_a_warning(said):
    model = sd15()
    clip = still_latent(model, frames=4, size=8)
    sampler = run_node("SamplerLCMUpscale", scale_ratio=1.5, scale_steps=-1, upscale_method="bilinear")[0]
    out = custom(patched(model, HELD), {"samples": clip}, sampler)["samples"]
    assert out.shape[-1] == 12 and torch.isfinite(out).all()
    assert any("another size" in line for line in said())


def on_newer_hosts(node_id):
    has_it = node_id in sys.modules["nodes"].NODE_CLASS_MAPPINGS
    return pytest.mark.skipif(not has_it, reason=f"this ComfyUI has no {node_id}")


@on_newer_hosts("SamplerARVideo")
@pytest.mark.parametrize("motion_compensation", [0.0, 1.0])
@pytest.mark.parametrize("block", [1, 2])
def test_a_video_predicted_block_by_block_is_held_block_by_block(block, motion_compensation, said):
    stand_in = ZOO["CausalWan"]
    model = stand_in.build()
    clip = stand_in.clip(model)
    sampler = run_node("SamplerARVideo", num_frame_per_block=block)[0]
    held = Schedule(omega=(0.0,), tau_end=1.0, motion_compensation=motion_compensation)
    guider = run_node("CFGGuider", model=patched(model, held), positive=stand_in.conditioning(clip, 0),
                      negative=stand_in.conditioning(clip, 1), cfg=1.0)[0]  # fmt: skip
    out = custom(model, {"samples": clip}, sampler, guider=guider)["samples"]
    assert drift(model, out, clip) <= 1e-3
    assert not any("another size" in line for line in said())


@on_newer_hosts("DualModelGuider")
def test_the_second_model_of_a_guider_is_told_that_it_does_not_lead(said):
    model = sd15()
    clip, prompts = clip_of(model), both_prompts(model)
    guider = run_node("DualModelGuider", model=model, model_negative=patched(model, HELD), positive=prompts[0],
                      negative=prompts[1], cfg=4.0)[0]  # fmt: skip
    custom(model, {"samples": clip}, guider=guider)
    assert any("not the one that leads" in line for line in said())


CLEAN = cases([name for name, stand_in in ZOO.items() if stand_in.clean])


@pytest.mark.parametrize("name", CLEAN)
def test_a_model_that_puts_the_clean_picture_in_lends_nothing(name):
    """Kandinsky 5 image-to-video, InfiniteTalk: ω = 1 lends the pivot's bias alone, and it has none."""
    stand_in = ZOO[name]
    model = stand_in.build()
    clip = stand_in.clip(model)
    prompts = {"positive": stand_in.conditioning(clip, 0), "negative": stand_in.conditioning(clip, 1)}
    lent = Schedule(omega=(1.0,), tau_end=1.0)
    host = ksampler("KSampler", model, {"samples": clip}, **prompts)["samples"]
    ours = ksampler("NRKSampler", model, {"samples": clip}, schedule=lent, **prompts)["samples"]
    torch.testing.assert_close(ours[:, :, 1:], host[:, :, 1:], atol=1e-4, rtol=1e-4)


# O. Frames that are no frames of the video.


def guided_latent(model, clip):
    """A latent as LTXVAddGuide leaves it: a guide appended, and one entry a token in the conditioning."""
    tokens = clip.shape[-1] * clip.shape[-2]
    guide = torch.flip(clip[:, :, :1], dims=(-1,))
    places = {"keyframe_idxs": torch.zeros(1, 3, tokens)}
    positive, negative = ([[prompt, {**more, **places}] for prompt, more in side] for side in both_prompts(model))
    return {"samples": torch.cat([clip, guide], dim=2)}, {"positive": positive, "negative": negative}


def test_appended_guides_are_no_frames_of_the_video(flow_model):
    """ω, pivots, masks and the reference mean the video's frames, and the guide is left as the host makes it."""
    clip = clip_of(flow_model, frames=5)
    latent, prompts = guided_latent(flow_model, clip)
    last = Schedule(omega=(0.0,), tau_end=1.0, pivot_frame=-1)
    mask = torch.ones(17, 32, 32)  # of the video's pictures: 1 + 4 (5 - 1)
    for more in ({}, {"reference": {"samples": clip}}, {"reference": latent}, {"mask": mask}):
        out = ksampler("NRKSampler", flow_model, latent, schedule=last, **prompts, **more)["samples"]
        assert drift(flow_model, out[:, :, :5], clip) <= 1e-3
    assert not torch.allclose(out[:, :, 5:], latent["samples"][:, :, 5:], atol=0.1)


def test_a_reference_frame_put_first_by_vace_is_no_frame_of_the_video(flow_model):
    clip = clip_of(flow_model, frames=4)
    picture = torch.flip(clip[:, :, :1], dims=(-1,))
    nothing = flow_model.model.process_latent_out(torch.zeros_like(picture))
    control = torch.cat([torch.cat([picture, nothing], dim=1), torch.randn(1, 32, 4, 4, 4)], dim=2)
    frames = {"vace_frames": [control]}
    positive, negative = ([[prompt, {**more, **frames}] for prompt, more in side] for side in both_prompts(flow_model))
    latent = {"samples": torch.zeros(1, 16, 5, 4, 4)}
    out = ksampler("NRKSampler", flow_model, latent, schedule=HELD, positive=positive, negative=negative,
                   reference={"samples": clip})["samples"]  # fmt: skip
    assert drift(flow_model, out[:, :, 1:], clip) <= 1e-3
    assert not torch.allclose(out[:, :, :1], clip[:, :, :1], atol=0.1)


def test_reference_frames_put_first_by_animate_are_told_by_its_poses():
    mask = torch.ones(1, 4, 5, 4, 4)
    mask[:, :, :1] = 0
    values = {"concat_mask": mask, "pose_video_latent": torch.randn(1, 16, 4, 4, 4)}
    guider = guider_of("cfg", ZOO["Wan Animate"].build())
    guider.conds = {"positive": [values]}
    assert special_frames.video_part(guider, [(1, 16, 5, 4, 4)]).before == 1
    assert special_frames.video_part(guider, [(1, 16, 4, 4, 4)]).before == 0


# Told, where nothing can be done.


def test_a_rectified_model_that_does_not_lead_is_told(flow_model, said):
    """A guider of two models reads the wrappers of the first; the host gets the other ready all the same."""
    patched(flow_model, HELD).pre_run()
    assert any("not the one that leads" in line for line in said())


# K. Contrast that fades over chunks.


@pytest.mark.parametrize("camera", [{}, {"right": 20.0}, {"turn": 0.35}])
def test_a_chunk_has_the_first_pictures_colours_only_where_both_show_the_same(camera):
    """The picture of a later chunk has drifted, and shows other things too: those are not pulled to the first one's."""
    (model, _), (positive, negative) = run_node("NRLoadDemoModel"), run_node("NRDemoPrompt", motion="still")
    first, later = filmed("coffee.png", affine_flow(2, 64, **camera)).split(1)
    schedule = Schedule(omega=(0.0,), tau_end=1.0, hold_colours=1.0, anchor="image")
    out = ksampler("NRKSampler", model, {"samples": (0.8 * later + 0.1).repeat(4, 1, 1, 1)}, schedule=schedule,
                   colour_reference={"samples": first}, positive=positive, negative=negative)["samples"]  # fmt: skip
    torch.testing.assert_close(out.std((-2, -1)), later.std((-2, -1)).expand(4, -1), atol=0, rtol=0.02)
    torch.testing.assert_close(out.mean((-2, -1)), later.mean((-2, -1)).expand(4, -1), atol=0.02, rtol=0)


def test_a_second_stage_does_not_pull_the_colours_again():
    """With half of the hold it went three quarters of the way."""
    (model, _), (positive, negative) = run_node("NRLoadDemoModel"), run_node("NRDemoPrompt", motion="still")
    (first,) = filmed("coffee.png", affine_flow(1, 64)).split(1)
    schedule = Schedule(omega=(0.0,), tau_end=1.0, hold_colours=0.5, anchor="image")
    more = {"colour_reference": {"samples": first}, "positive": positive, "negative": negative}
    latent = {"samples": (0.8 * first + 0.1).repeat(4, 1, 1, 1)}
    one = ksampler("NRKSampler", model, latent, schedule=schedule, **more)["samples"]
    two = second_stage(model, first_stage(model, latent, schedule, **more), schedule, **more)["samples"]
    torch.testing.assert_close(two, one, atol=1e-4, rtol=1e-4)
