"""The sampler nodes and the patched MODEL: what they promise around the rule."""

import gc
import weakref

import comfy.model_management
import comfy.samplers
import pytest
import torch
from comfy.patcher_extension import WrappersMP, add_wrapper_with_key
from noise_rectification.nodes.core.curve import Curve
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.host import run, wrappers
from private_host.pack import run_node
from runs import SEED, STEPS, advanced, guider_of, ksampler, patched
from stand_ins.models import conditioning, sd15, still_latent, wan

SAMPLERS = ["euler", "euler_ancestral", "dpmpp_2m_sde", "uni_pc", "lcm"]
HELD = Curve(((0.0, 0.0),))
UNTOUCHED = {  # a bypassed schedule is no link at all
    "strength 0": Schedule(strength=0.0), "empty tau": Schedule(tau_start=0.4, tau_end=0.4), "no schedule": None,
}  # fmt: skip


@pytest.fixture(scope="module", params=["frames on batch", "five axes"])
def model(request):
    return sd15() if request.param == "frames on batch" else wan()


def clip_of(model, frames=4):
    return still_latent(model, frames=frames, size=4)


# Unpatched means untouched.


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("untouched", UNTOUCHED)
def test_an_empty_schedule_is_bit_identical_to_the_host(model, sampler, untouched):
    latent, schedule = {"samples": clip_of(model)}, UNTOUCHED[untouched]
    host = ksampler("KSampler", model, latent, sampler)["samples"]
    assert torch.equal(ksampler("NRKSampler", model, latent, sampler, schedule)["samples"], host)
    assert torch.equal(ksampler("KSampler", patched(model, schedule), latent, sampler)["samples"], host)
    stretch = {"start": 1, "end": 4, "leave": True}
    host = advanced("KSamplerAdvanced", model, latent, sampler, **stretch)["samples"]
    assert torch.equal(advanced("NRKSamplerAdvanced", model, latent, sampler, schedule, **stretch)["samples"], host)


def test_a_rectified_run_leaves_the_model_as_it_was(model):
    latent = {"samples": clip_of(model)}
    weights = {k: v.clone() for k, v in model.model.state_dict().items()}
    options, wrappers = repr(model.model_options), repr(model.wrappers)
    before = ksampler("KSampler", model, latent)["samples"]
    rectified = ksampler("NRKSampler", model, latent, schedule=Schedule())["samples"]
    assert not torch.equal(rectified, before)
    assert torch.equal(ksampler("KSampler", model, latent)["samples"], before)
    assert (repr(model.model_options), repr(model.wrappers)) == (options, wrappers)
    assert all(torch.equal(v, weights[k]) for k, v in model.model.state_dict().items())


def test_nothing_outlives_a_run(model):
    anchors = []

    class Watched(run.Rectifier):
        def __init__(self, **inputs):
            super().__init__(**inputs)
            anchors.append(weakref.ref(self))

    original, run.Rectifier = run.Rectifier, Watched
    try:
        applied = patched(model, Schedule())
        ksampler("KSampler", applied, {"samples": clip_of(model)})
    finally:
        run.Rectifier = original
    gc.collect()
    assert [anchor() for anchor in anchors] == [None]
    assert applied.model_options.get("transformer_options", {}).get("wrappers", {}) == {}


@pytest.mark.parametrize("step", range(STEPS))
@pytest.mark.parametrize("error", [comfy.model_management.InterruptProcessingException, torch.OutOfMemoryError])
def test_an_interrupt_or_out_of_memory_goes_through_and_leaves_nothing_behind(model, error, step):
    applied, latent = patched(model, Schedule()), {"samples": clip_of(model)}
    expected = ksampler("KSampler", applied, latent)["samples"]
    calls = []

    def broken(executor, *args, **kwargs):
        calls.append(1)
        if len(calls) > step:
            raise error()
        return executor(*args, **kwargs)

    breaking = applied.clone()
    add_wrapper_with_key(WrappersMP.APPLY_MODEL, "break", broken, breaking.model_options, is_model_options=True)
    with pytest.raises(error):
        ksampler("KSampler", breaking, latent)
    assert torch.equal(ksampler("KSampler", applied, latent)["samples"], expected)


# One method, however it is reached.


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_rectified_sampler_is_apply_and_the_hosts_sampler(model, sampler):
    latent = {"samples": clip_of(model)}
    node = ksampler("NRKSampler", model, latent, sampler, Schedule())["samples"]
    assert torch.equal(node, ksampler("KSampler", patched(model, Schedule()), latent, sampler)["samples"])


def test_applying_twice_replaces_the_first(model):
    latent = {"samples": clip_of(model)}
    once = patched(model, Schedule(omega=HELD))
    twice = patched(patched(model, Schedule(tau_end=0.3)), Schedule(omega=HELD))
    assert torch.equal(ksampler("KSampler", twice, latent)["samples"], ksampler("KSampler", once, latent)["samples"])
    removed = patched(once, Schedule(strength=0.0))
    assert torch.equal(ksampler("KSampler", removed, latent)["samples"], ksampler("KSampler", model, latent)["samples"])
    assert torch.equal(ksampler("KSampler", once, latent)["samples"], ksampler("KSampler", twice, latent)["samples"])


@pytest.mark.parametrize("kind", ["basic", "cfg", "dual regular", "dual nested", "perp neg"])
def test_every_guider_is_rectified_alike(model, kind):
    clip = clip_of(model)
    sigmas = comfy.samplers.calculate_sigmas(model.model.model_sampling, "normal", STEPS)

    def sample(m):
        return run_node(
            "SamplerCustomAdvanced", noise=run_node("RandomNoise", noise_seed=SEED)[0], guider=guider_of(kind, m),
            sampler=comfy.samplers.sampler_object("euler"), sigmas=sigmas, latent_image={"samples": clip},
        )[0]["samples"]  # fmt: skip

    def drift(samples):
        return float((model.model.process_latent_in(samples) - model.model.process_latent_in(clip)).abs().max())

    assert drift(sample(patched(model, Schedule(omega=HELD, tau_end=1.0)))) <= 1e-4
    assert drift(sample(model)) > 1.0


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "dpmpp_2m_sde", "lcm"])
def test_the_default_schedule_brings_the_clip_nearer_to_the_still(model, sampler):
    clip = clip_of(model)
    axis = 2 if clip.ndim == 5 else 0

    def drift(samples):
        off = model.model.process_latent_in(samples) - model.model.process_latent_in(clip)
        return off.movedim(axis, 0).flatten(1).norm(dim=1)

    plain = drift(ksampler("KSampler", model, {"samples": clip}, sampler)["samples"])
    held = drift(ksampler("NRKSampler", model, {"samples": clip}, sampler, Schedule(tau_end=1.0))["samples"])
    assert held[0] <= 1e-4, "the pivot is rectified fully"
    assert held.mean() < plain.mean()


def test_sampling_percent_cuts_where_the_hosts_percent_stands(flow_model):
    """On this flow model with the grid of its own percents, both units are the same cut."""
    clip, sampling = clip_of(flow_model), flow_model.model.model_sampling
    sigmas = torch.tensor([sampling.percent_to_sigma(i / 10) for i in range(11)])

    def sample(unit):
        return run_node(
            "SamplerCustom", model=patched(flow_model, Schedule(tau_start=0.2, tau_end=0.5, tau_unit=unit)),
            add_noise=True, noise_seed=SEED, cfg=4.0, positive=conditioning(flow_model, 0),
            negative=conditioning(flow_model, 1), sampler=comfy.samplers.sampler_object("euler"), sigmas=sigmas,
            latent_image={"samples": clip},
        )[0]["samples"]  # fmt: skip

    torch.testing.assert_close(sample("steps"), sample("sampling percent"))


# Stages.


@pytest.mark.parametrize("cut", [2, 4])
def test_two_stages_with_leftover_noise_equal_one_run(model, cut):
    latent, schedule = {"samples": clip_of(model)}, Schedule(tau_end=0.9)
    one = ksampler("NRKSampler", model, latent, schedule=schedule)["samples"]
    first = advanced("NRKSamplerAdvanced", model, latent, schedule=schedule, end=cut, leave=True)
    second = advanced("NRKSamplerAdvanced", model, first, schedule=schedule, noise=False, start=cut)
    assert float((second["samples"] - one).abs().max() / one.abs().max()) <= 1e-5
    assert set(second) == {"samples"}, "a finished latent carries neither anchor nor noise"


@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral", "lcm"])
def test_the_anchor_handed_on_equals_the_one_runs(model, sampler):
    """The one run's anchor when it arrives at the cut: read from a run whose remaining steps come after."""
    latent, schedule, cut = {"samples": clip_of(model)}, Schedule(tau_end=0.9), 3
    seen = []
    original = run.Rectifier.advance

    def watched(self, level):
        anchor = original(self, level)
        seen.append(anchor.clone())
        return anchor

    run.Rectifier.advance = watched
    try:
        ksampler("NRKSampler", model, latent, sampler, schedule)
    finally:
        run.Rectifier.advance = original
    first = advanced("NRKSamplerAdvanced", model, latent, sampler, schedule, end=cut, leave=True)
    assert torch.equal(first["rectification_anchor"].anchor, seen[cut].cpu())


def test_a_first_stage_at_strength_zero_still_hands_its_anchor_on(model):
    latent = {"samples": clip_of(model)}
    first = advanced("NRKSamplerAdvanced", model, latent, schedule=Schedule(strength=0.0), end=3, leave=True)
    second = advanced("NRKSamplerAdvanced", model, first, schedule=Schedule(tau_end=1.0), noise=False, start=3)
    plain = ksampler("KSampler", model, latent)["samples"]
    assert not torch.equal(second["samples"], plain)


def test_an_anchor_left_over_is_ignored_where_noise_is_added_anew(model):
    latent = {"samples": clip_of(model)}
    first = advanced("NRKSamplerAdvanced", model, latent, schedule=Schedule(), end=3, leave=True)
    clean = {"samples": first["samples"]}
    again = [ksampler("NRKSampler", model, x, schedule=Schedule())["samples"] for x in (first, clean)]
    assert torch.equal(*again)


# References, masks of ours and of the host.


def test_an_empty_latent_with_a_reference_starts_from_the_noised_reference(model):
    clip = clip_of(model)
    from_image = ksampler("NRKSampler", model, {"samples": clip}, schedule=Schedule())["samples"]
    from_reference = ksampler("NRKSampler", model, {"samples": torch.zeros_like(clip)}, schedule=Schedule(),
                              reference={"samples": clip})["samples"]  # fmt: skip
    assert torch.equal(from_image, from_reference)


def test_a_reference_wins_over_the_samplers_latent(model):
    clip = clip_of(model)
    other = torch.flip(clip, dims=(-1,))
    out = ksampler("NRKSampler", model, {"samples": other}, schedule=Schedule(omega=HELD, tau_end=1.0),
                   reference={"samples": clip})["samples"]  # fmt: skip
    torch.testing.assert_close(out, clip, atol=1e-3, rtol=1e-3)


def test_a_one_frame_reference_serves_every_frame(model):
    clip = clip_of(model)
    one = clip[:, :, :1] if clip.ndim == 5 else clip[:1]
    empty = {"samples": torch.zeros_like(clip)}
    a, b = (ksampler("NRKSampler", model, empty, schedule=Schedule(), reference={"samples": r})["samples"]
            for r in (one, clip))  # fmt: skip
    assert torch.equal(a, b)


def test_the_mask_frees_what_it_leaves_black(model):
    clip = clip_of(model)
    mask = torch.zeros(1, 32, 32)
    mask[..., :16] = 1.0
    schedule = Schedule(omega=HELD, tau_end=1.0)
    out = ksampler("NRKSampler", model, {"samples": clip}, schedule=schedule, mask=mask)["samples"]
    off = (model.model.process_latent_in(out) - model.model.process_latent_in(clip)).abs()
    assert float(off[..., :2].max()) <= 1e-4
    assert float(off[..., 2:].max()) > 1.0


def test_frames_held_by_the_hosts_mask_stay_what_the_host_makes_of_them(flow_model):
    clip = clip_of(flow_model)
    noise_mask = torch.ones(1, 1, clip.shape[2], 1, 1)
    noise_mask[:, :, 0] = 0
    latent = {"samples": clip, "noise_mask": noise_mask}
    host = ksampler("KSampler", flow_model, latent)["samples"]
    ours = ksampler("NRKSampler", flow_model, latent, schedule=Schedule())["samples"]
    assert torch.equal(ours[:, :, 0], host[:, :, 0])
    assert not torch.equal(ours[:, :, 1:], host[:, :, 1:])


def test_each_video_of_a_batch_has_its_own_anchor(flow_model):
    clip = clip_of(flow_model)
    batch = torch.cat([clip, torch.flip(clip, dims=(-1,))])
    out = ksampler("NRKSampler", flow_model, {"samples": batch}, schedule=Schedule(omega=HELD, tau_end=1.0))["samples"]
    torch.testing.assert_close(out, batch, atol=1e-3, rtol=1e-3)


# Noise.


@pytest.mark.parametrize("batch_index", [None, [3, 1, 1, 0]])
def test_independent_noise_is_the_hosts(eps_model, batch_index):
    latent = {"samples": clip_of(eps_model)} | ({"batch_index": batch_index} if batch_index else {})
    out, _, noise = run_node("NRNoiseLatent", model=eps_model, latent=latent, seed=SEED, noise_type="independent",
                             frame_correlation=0.5)  # fmt: skip
    host = run_node("RandomNoise", noise_seed=SEED)[0].generate_noise(latent)
    assert torch.equal(out["reference_noise"], host)
    assert torch.equal(noise.generate_noise(latent), host)
    assert noise.seed == SEED


@pytest.mark.parametrize("noise_type", ["independent", "shared", "blended"])
def test_the_noise_sent_along_is_the_noise_sampled_from(model, noise_type):
    """The rectified sampler, the NOISE output, and the noised latent all start from one and the same noise."""
    latent = {"samples": clip_of(model)}
    sigmas = comfy.samplers.calculate_sigmas(model.model.model_sampling, "normal", STEPS)[1:]
    carrying, noised, noise = run_node("NRNoiseLatent", model=model, latent=latent, seed=99, noise_type=noise_type,
                                       frame_correlation=0.5, sigmas=sigmas)  # fmt: skip
    applied = patched(model, Schedule(), reference=latent)
    euler = comfy.samplers.sampler_object("euler")
    by_noise = run_node("SamplerCustomAdvanced", noise=noise, guider=guider_of("cfg", applied), sampler=euler,
                        sigmas=sigmas, latent_image=latent)[0]["samples"]  # fmt: skip
    by_noised = run_node(
        "SamplerCustomAdvanced", noise=run_node("DisableNoise")[0], guider=guider_of("cfg", applied), sampler=euler,
        sigmas=sigmas, latent_image={"samples": noised["samples"]},
    )[0]["samples"]  # fmt: skip
    torch.testing.assert_close(by_noised, by_noise, atol=1e-4, rtol=1e-4)
    stage = {"schedule": Schedule(), "start": 1}
    by_stage = advanced("NRKSamplerAdvanced", model, noised, noise=False, **stage)["samples"]
    by_latent = advanced("NRKSamplerAdvanced", model, carrying, **stage)
    torch.testing.assert_close(by_stage, by_latent["samples"], atol=1e-4, rtol=1e-4)
    assert set(by_latent) == {"samples"}


def test_blended_noise_keeps_unit_variance_and_correlates_by_the_square(eps_model):
    latent = {"samples": torch.ones(8, 4, 64, 64)}
    out, *_ = run_node("NRNoiseLatent", model=eps_model, latent=latent, seed=1, noise_type="blended",
                       frame_correlation=0.6)  # fmt: skip
    frames = out["reference_noise"].flatten(1).double()
    covariance = frames @ frames.T / frames.shape[1]
    expected = torch.full((8, 8), 0.36).double().fill_diagonal_(1.0)
    torch.testing.assert_close(covariance, expected, atol=0.05, rtol=0)


def test_a_packed_latent_is_rectified_in_its_video_part(flow_model):
    """Audio-video latents reach the hook flattened: the method works on the first latent and leaves the rest alone."""
    clip, sound = clip_of(flow_model), torch.randn(1, 8, 20)
    shapes = [clip.shape, sound.shape]
    packed = torch.cat([clip.reshape(1, 1, -1), sound.reshape(1, 1, -1)], dim=-1)
    noise = torch.randn(packed.shape)
    sampling = flow_model.model.model_sampling
    sigmas = torch.linspace(0.95, 0, 7)

    class Guider:
        model_options = {"transformer_options": {}}
        inner_model, model_patcher = flow_model.model, flow_model

        def outer_sample(self, noise, latent_image, sampler, sigmas, latent_shapes=None):
            def run(guider, sigmas, extra_args, callback, noise, latent_image, denoise_mask=None):
                x = sampling.noise_scaling(sigmas[:1], noise.clone(), latent_image)
                for s, s_next in zip(sigmas[:-1], sigmas[1:], strict=True):
                    d = execute(WrappersMP.PREDICT_NOISE, lambda x, t: torch.tanh(x) - 0.3, self, x, s.reshape(1))
                    x = x + (x - d) / s * (s_next - s)
                return x

            return execute(WrappersMP.SAMPLER_SAMPLE, run, self, self, sigmas, {}, None, noise, latent_image)

    def execute(kind, function, guider, *args, **kwargs):
        from comfy.patcher_extension import WrapperExecutor, get_all_wrappers

        wrappers = get_all_wrappers(kind, guider.model_options, is_model_options=True)
        return WrapperExecutor.new_class_executor(function, guider, wrappers).execute(*args, **kwargs)

    def sample(schedule):
        guider = Guider()
        guider.model_options = {"transformer_options": {}}
        rectification = wrappers.RectifiedSampling(wrappers.Rectification(schedule))
        add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, "nr", rectification, guider.model_options, is_model_options=True)
        return execute(WrappersMP.OUTER_SAMPLE, guider.outer_sample, guider, noise, packed, None, sigmas,
                       latent_shapes=shapes)  # fmt: skip

    held, plain = sample(Schedule(omega=HELD, tau_end=1.0)), sample(Schedule(strength=0.0))
    cut = clip[0].numel()
    torch.testing.assert_close(held[..., :cut], packed[..., :cut], atol=1e-4, rtol=1e-4)
    assert torch.equal(held[..., cut:], plain[..., cut:])
