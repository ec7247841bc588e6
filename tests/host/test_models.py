"""Every video model of the host: its own class, layout and conditioning, through the real sampling code."""

import pytest
import torch
import zoo_runs
from noise_rectification.nodes.core.curve import Curve
from noise_rectification.nodes.core.schedule import Schedule
from private_host.pack import run_node
from runs import moving_with
from stand_ins.model_zoo import ZOO, cases, video
from zoo_runs import SEED, built

HELD = Schedule(omega=Curve(((0.0, 0.0),)), tau_end=1.0)
CARRIED = Schedule(omega=(0.0,), tau_end=1.0, motion_compensation=1.0)

EMPTY = [name for name, stand_in in ZOO.items() if stand_in.empty]
HOLDING = [name for name, stand_in in ZOO.items() if stand_in.held]


@pytest.fixture(scope="module", params=cases(ZOO))
def case(request):
    return built(request.param)


def sample(case, schedule=None, sampler="euler", **more):
    """The sampled video."""
    return video(zoo_runs.sample(case, schedule, sampler, **more))


def drift(case, samples):
    """RMS distance from the still clip, per frame of the video, in the model's own units."""
    stand_in, model, clip = case
    off = model.model.process_latent_in(samples) - model.model.process_latent_in(clip)
    return off.movedim(2 if clip.ndim == 5 else 0, 0).flatten(1).pow(2).mean(1).sqrt()[stand_in.prepended :]


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "dpmpp_2m_sde", "lcm"])
def test_omega_zero_returns_the_still_latent(case, sampler):
    assert float(drift(case, sample(case, HELD, sampler)).max()) <= 1e-3
    assert float(drift(case, sample(case, None, sampler)).max()) > 0.05


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m_sde"])
def test_strength_zero_is_bit_identical(case, sampler):
    host = sample(case, None, sampler)
    assert torch.equal(sample(case, Schedule(strength=0.0), sampler), host)


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m_sde"])
def test_a_model_whose_prediction_stands_still_is_carried_nowhere(case, sampler, request):
    stand_in, model, clip = case
    shapes = [tuple(clip.shape), *([stand_in.audio] if stand_in.audio else [])]
    known = model.model.process_latent_in(clip)

    def stands(frame, count):  # where the pivot's prediction says nothing, the others' are seen against the picture
        return stand_in.standing(known[0, :, 0] if stand_in.clean else frame, count)

    still = (stand_in, moving_with(model, stands, shapes), clip)
    assert float(drift(still, sample(still, CARRIED, sampler)).max()) <= 1e-3


def test_the_default_schedule_brings_the_clip_nearer_to_the_still(case):
    plain = drift(case, sample(case, None))
    held = drift(case, sample(case, Schedule(tau_end=1.0)))
    assert held.mean() < plain.mean()


@pytest.mark.parametrize("case", cases(EMPTY), indirect=True)
def test_an_empty_latent_with_its_picture_in_the_conditioning(case):
    stand_in, _, clip = case
    empty = {"samples": stand_in.samples(torch.zeros_like(clip))}
    assert float(drift(case, sample(case, HELD, latent=empty, reference={"samples": clip})).max()) <= 1e-3
    with pytest.raises(ValueError, match="latent_image: it is empty"):
        sample(case, HELD, latent=empty)


@pytest.mark.parametrize("case", cases(HOLDING), indirect=True)
def test_frames_that_the_hosts_mask_holds_stay_what_the_host_makes_of_them(case):
    stand_in, _, clip = case
    latent = {"samples": stand_in.samples(clip), "noise_mask": stand_in.mask(clip)}
    host = sample(case, None, latent=latent)
    ours = sample(case, Schedule(tau_end=1.0), latent=latent)
    assert torch.equal(ours[:, :, 0], host[:, :, 0])
    assert drift(case, ours)[1:].mean() < drift(case, host)[1:].mean()
    assert float(drift(case, sample(case, HELD, latent=latent)).max()) <= 1e-3
    assert torch.equal(sample(case, Schedule(strength=0.0), latent=latent), host)


@pytest.mark.parametrize("case", cases(HOLDING), indirect=True)
def test_a_held_pivot_lends_no_bias(case):
    """ω = 1 lends the pivot's bias alone. A frame that is shown clean has none to lend: nothing may change."""
    stand_in, _, clip = case
    latent = {"samples": stand_in.samples(clip), "noise_mask": stand_in.mask(clip)}
    loosest = Schedule(omega=Curve(((0.0, 1.0),)), tau_end=1.0)
    host = sample(case, None, latent=latent)
    torch.testing.assert_close(sample(case, loosest, latent=latent), host, atol=1e-4, rtol=1e-4)


def test_two_experts_in_two_stages_hold_one_anchor():
    """Wan 2.2 14B: one model for the high noise, another for the low."""
    stand_in = ZOO["Wan 2.1 text-to-video"]
    high, low = stand_in.build(), stand_in.build()
    for parameter in low.model.diffusion_model.parameters():
        parameter.mul_(0.9)
    clip = stand_in.clip(high)

    def stage(model, latent, add_noise, start, end, leftover):
        return run_node(
            "NRKSamplerAdvanced", model=model, add_noise=add_noise, noise_seed=SEED, steps=8, cfg=3.0,
            sampler_name="dpmpp_2m_sde", scheduler="simple", positive=stand_in.conditioning(clip, 0),
            negative=stand_in.conditioning(clip, 1), latent_image=latent, start_at_step=start, end_at_step=end,
            return_with_leftover_noise=leftover, schedule=HELD,
        )[0]  # fmt: skip

    first = stage(high, {"samples": clip}, "enable", 0, 4, "enable")
    last = stage(low, first, "disable", 4, 8, "disable")
    assert float(drift((stand_in, low, clip), last["samples"]).max()) <= 1e-3


def test_one_frame_is_image_to_image():
    stand_in = ZOO["SDXL, frames on batch"]
    model = stand_in.build()
    clip = stand_in.clip(model)[:1]
    case = stand_in, model, clip
    half = Schedule(strength=0.5, tau_end=1.0)
    plain, held = (drift(case, sample(case, s)).item() for s in (Schedule(strength=0.0), half))
    assert 0 < held < plain
    assert drift(case, sample(case, HELD)).item() <= 1e-3


def test_guide_frames_appended_to_the_clip_are_held_by_the_hosts_mask():
    """LTX-Video's guides: frames at the end of the latent, which the host's mask holds, are the host's business."""
    stand_in = ZOO["LTX-Video"]
    model = stand_in.build()
    clip = stand_in.clip(model)
    latent = {"samples": clip, "noise_mask": torch.ones(1, 1, clip.shape[2], 1, 1)}
    latent["noise_mask"][:, :, -1] = 0
    case = stand_in, model, clip
    host = sample(case, None, latent=latent)
    ours = sample(case, Schedule(tau_end=1.0), latent=latent)
    assert torch.equal(ours[:, :, -1], host[:, :, -1])
    assert not torch.equal(ours[:, :, :-1], host[:, :, :-1])
