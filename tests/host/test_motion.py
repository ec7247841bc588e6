"""Motion compensation and held colours on the real host: under every sampler, layout, mask, stage and pivot."""

import comfy.samplers
import pytest
import torch
from noise_rectification.nodes.core.frames import frame_axis
from noise_rectification.nodes.core.schedule import Schedule
from runs import advanced, custom, drift, guider_of, ksampler, moving_with, patched, standing
from stand_ins.models import sd15, still_latent, wan

CARRIED = Schedule(omega=(0.0,), tau_end=1.0, motion_compensation=1.0)
BOTH = Schedule(tau_end=0.9, motion_compensation=1.0, hold_colours=0.7)


@pytest.fixture(scope="module", params=["frames on batch", "five axes"])
def model(request):
    return sd15() if request.param == "frames on batch" else wan()


def clip_of(model, frames=4, size=8):
    return still_latent(model, frames=frames, size=size)


def sliding(frame, count):
    """Round and round, so that nothing is uncovered but at the border where it comes in."""
    return torch.stack([torch.roll(frame, f, dims=-1) for f in range(count)])


def still_bound(sampler):
    return {"uni_pc": 0.02, "uni_pc_bh2": 0.02, "dpm_fast": 0.35, "dpm_adaptive": 0.35}.get(sampler, 1e-3)


@pytest.mark.parametrize("sampler", comfy.samplers.KSampler.SAMPLERS)
def test_a_model_whose_prediction_stands_still_gives_the_still_clip(model, sampler):
    clip = clip_of(model, size=4)
    out = ksampler("NRKSampler", moving_with(model, standing), {"samples": clip}, sampler, CARRIED)["samples"]
    assert drift(model, out, clip) <= still_bound(sampler)


@pytest.mark.parametrize("anchor", ["reference noise", "image"])
def test_a_picture_is_carried_where_the_model_moves(model, anchor):
    """Held fully, the frames show the picture moved as the model moves it: nearer to that than to the still."""
    smooth = torch.nn.functional.avg_pool2d(clip_of(model, size=32).flatten(0, -4), 5, 1, 2, count_include_pad=False)
    clip = smooth.reshape(clip_of(model, size=32).shape)
    schedule = Schedule(omega=(0.0,), tau_end=1.0, motion_compensation=1.0, anchor=anchor)
    known = model.model.process_latent_in(clip)

    def of_the_picture(frame, count):
        picture = known[:1, :, 0] if known.ndim == 5 else known[:1]
        return sliding(picture[0], count)

    out = ksampler("NRKSampler", moving_with(model, of_the_picture), {"samples": clip}, schedule=schedule)["samples"]
    video = model.model.process_latent_in(out)
    video = video[0].movedim(1, 0) if video.ndim == 5 else video
    picture = known[0, :, 0] if known.ndim == 5 else known[0]
    moved, still = sliding(picture, len(video)), standing(picture, len(video))
    inner = (..., slice(4, -4), slice(6, -4))
    assert (video - moved)[inner].square().mean() < 0.1 * (video - still)[inner].square().mean()


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m_sde", "uni_pc", "lcm"])
@pytest.mark.parametrize("changes", [{}, {"pivot_frames": (0, -1)}, {"pivot_frame": 2}, {"anchor": "image"}])
def test_any_run_is_finite_and_its_pivots_are_held(model, sampler, changes):
    clip = clip_of(model)
    schedule = Schedule(tau_end=1.0, motion_compensation=1.3, hold_colours=0.5, **changes)
    out = ksampler("NRKSampler", model, {"samples": clip}, sampler, schedule)["samples"]
    assert torch.isfinite(out).all()
    for pivot in schedule.pivots(4):
        axis = frame_axis(clip.shape)
        error = (
            drift(model, out, clip)
            if clip.shape[axis] == 1
            else drift(model, out.narrow(axis, pivot, 1), clip.narrow(axis, pivot, 1))
        )
        assert error <= (0.1 if sampler == "uni_pc" else 2e-3)


@pytest.mark.parametrize("schedule", [BOTH, Schedule(motion_compensation=1.0), Schedule(tau_end=0.0, hold_colours=1.0)])
def test_two_stages_equal_one_run(model, schedule):
    """The second stage goes on with the anchor, the image, what is left of it, and the motion."""
    latent = {"samples": clip_of(model)}
    one = ksampler("NRKSampler", model, latent, schedule=schedule)["samples"]
    first = advanced("NRKSamplerAdvanced", model, latent, schedule=schedule, end=3, leave=True)
    second = advanced("NRKSamplerAdvanced", model, first, schedule=schedule, noise=False, start=3)["samples"]
    assert float((second - one).abs().max() / one.abs().max()) <= 1e-4


def test_a_single_picture_has_no_motion_to_compensate(model):
    clip = clip_of(model, frames=1)
    plain = Schedule(tau_end=1.0)
    carried = Schedule(tau_end=1.0, motion_compensation=1.0)
    a, b = (ksampler("NRKSampler", model, {"samples": clip}, schedule=s)["samples"] for s in (plain, carried))
    assert torch.equal(a, b)


def test_a_mask_frees_what_it_leaves_black_from_both(model):
    clip = clip_of(model)
    mask = torch.zeros(1, 64, 64)
    mask[..., :32] = 1.0
    held = Schedule(omega=(0.0,), tau_end=1.0, motion_compensation=1.0, hold_colours=1.0)
    host = moving_with(model, standing)
    ours = ksampler("NRKSampler", host, {"samples": clip}, schedule=held, mask=mask)["samples"]
    off = (model.model.process_latent_in(ours) - model.model.process_latent_in(clip)).abs()
    assert float(off[..., :4].max()) <= 1e-3 and float(off[..., 4:].max()) > 0.1


def test_every_guider_carries(model):
    clip = clip_of(model)
    applied = patched(moving_with(model, standing), CARRIED)
    for kind in ("basic", "cfg", "dual regular", "perp neg"):
        out = custom(applied, {"samples": clip}, guider=guider_of(kind, applied))["samples"]
        assert drift(model, out, clip) <= 1e-3


# Colours.


def colours_of(model, samples):
    """Mean and deviation of each frame's channels, in model space: [frames, channels] each."""
    video = model.model.process_latent_in(samples)
    frames = video[0].movedim(1, 0) if video.ndim == 5 else video
    return frames.mean((-2, -1)), frames.std((-2, -1))


def drifting_model(model):
    """Its guided prediction loses contrast and takes on a tint, more with every frame."""
    other = model.clone()

    def predict(arguments):
        denoised = arguments["denoised"]
        axis = frame_axis(denoised.shape)
        share = torch.linspace(0, 1, denoised.shape[axis]).reshape(
            [-1 if i == axis else 1 for i in range(denoised.ndim)]
        )
        return denoised * (1 - 0.3 * share) + 0.5 * share

    other.set_model_sampler_post_cfg_function(predict)
    return other


@pytest.mark.parametrize("schedule", [
    Schedule(tau_end=0.0, hold_colours=1.0, anchor="image"),
    Schedule(hold_colours=1.0, anchor="image", motion_compensation=1.0),
])  # fmt: skip
def test_colours_stay_those_of_the_picture_whatever_tau(model, schedule):
    clip = clip_of(model)
    drifted = ksampler("KSampler", drifting_model(model), {"samples": clip})["samples"]
    held = ksampler("NRKSampler", drifting_model(model), {"samples": clip}, schedule=schedule)["samples"]
    wanted = colours_of(model, clip)[0]
    far, near = ((colours_of(model, samples)[0] - wanted).abs().mean() for samples in (drifted, held))
    assert near < 0.1 * far


def test_a_colour_reference_says_which_colours(model):
    """A video in chunks: the picture has drifted already, the first one's colours are wanted."""
    first = clip_of(model)
    drifted_picture = model.model.process_latent_out(0.7 * model.model.process_latent_in(first) + 0.6)
    schedule = Schedule(tau_end=0.0, hold_colours=1.0, anchor="image")
    one_frame = first[:, :, :1] if first.ndim == 5 else first[:1]
    outs = [
        ksampler("NRKSampler", model, {"samples": drifted_picture}, schedule=schedule, **more)["samples"]
        for more in ({}, {"colour_reference": {"samples": first}}, {"colour_reference": {"samples": one_frame}})
    ]
    wanted = colours_of(model, first)[0]
    far, near, same = (float((colours_of(model, out)[0] - wanted).abs().mean()) for out in outs)
    assert near < 0.1 * far and near == pytest.approx(same, rel=1e-3)


UNTOUCHED = [
    {"strength": 0.0, "hold_colours": 1.0},
    {"strength": 0.0, "motion_compensation": 1.0},
    {"tau_end": 0.0, "motion_compensation": 1.0},
]


@pytest.mark.parametrize("changes", UNTOUCHED)
def test_without_strength_or_without_tau_nothing_is_touched(model, changes):
    latent = {"samples": clip_of(model)}
    host = ksampler("KSampler", model, latent)["samples"]
    assert torch.equal(ksampler("NRKSampler", model, latent, schedule=Schedule(**changes))["samples"], host)


HINTED = [("dpmpp_2m", {"tau_end": 0.9}, True), ("dpmpp_2m", {"tau_end": 0.9, "tau_ramp": 0.3}, False),
          ("dpmpp_2m", {"tau_end": 1.0}, False), ("dpmpp_2m", {}, False), ("uni_pc", {"tau_end": 0.8}, True),
          ("euler", {"tau_end": 0.9}, False)]  # fmt: skip


@pytest.mark.parametrize(("sampler", "changes", "hinted"), HINTED)
def test_a_late_hard_end_is_hinted_at_where_a_sampler_looks_back(model, sampler, changes, hinted, caplog):
    caplog.set_level("INFO", logger="noise_rectification")
    ksampler("NRKSampler", model, {"samples": clip_of(model)}, sampler, Schedule(**changes))
    assert any("set tau_ramp to 0.3" in record.getMessage() for record in caplog.records) == hinted


ROUGHLY = "each frame of this model's latent holds several pictures"


def times_told(caplog) -> int:
    return sum(ROUGHLY in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("amount", [0.0, 1.0])
def test_a_run_that_carries_in_the_latent_tells_it_once_where_a_latent_frame_holds_several_pictures(
    model, amount, caplog
):
    caplog.set_level("INFO", logger="noise_rectification")
    latent = {"samples": clip_of(model)}
    ksampler("NRKSampler", model, latent, schedule=Schedule(motion_compensation=amount))
    several = latent["samples"].ndim == 5
    assert times_told(caplog) == (1 if several and amount else 0)


def test_two_stages_tell_it_once_and_so_does_a_patched_model(caplog):
    caplog.set_level("INFO", logger="noise_rectification")
    model, schedule = wan(), Schedule(motion_compensation=1.0)
    latent = {"samples": clip_of(model)}
    first = advanced("NRKSamplerAdvanced", model, latent, schedule=schedule, end=2, leave=True)
    advanced("NRKSamplerAdvanced", model, first, schedule=schedule, noise=False, start=2)
    assert times_told(caplog) == 1
    caplog.clear()
    ksampler("KSampler", patched(model, schedule), latent)
    assert times_told(caplog) == 1


def test_a_latent_of_one_frame_has_nothing_to_tell(caplog):
    caplog.set_level("INFO", logger="noise_rectification")
    model = wan()
    ksampler("NRKSampler", model, {"samples": clip_of(model, frames=1)}, schedule=Schedule(motion_compensation=1.0))
    assert times_told(caplog) == 0
