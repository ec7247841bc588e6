"""The method on the real host: against the published loop, and the still limit under every sampler."""

import comfy.samplers
import pytest
import torch
from noise_rectification.nodes.core.curve import Curve
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.host import wrappers
from private_host.pack import run_node
from stand_ins.models import conditioning, sd15, still_latent
from stand_ins.published import published_loop

HELD = Curve(((0.0, 0.0),))
SEED = 11


@pytest.fixture(scope="module")
def v_model():
    return sd15(v_prediction=True)


def rectify(model, **schedule):
    return wrappers.apply_rectification(model, wrappers.Rectification(Schedule(**schedule)))


def sample(model, sigmas, clip, cfg=4.0, sampler="euler"):
    positive, negative = conditioning(model, 0), conditioning(model, 1)
    return run_node(
        "SamplerCustom", model=model, add_noise=True, noise_seed=SEED, cfg=cfg, positive=positive, negative=negative,
        sampler=comfy.samplers.sampler_object(sampler), sigmas=sigmas, latent_image={"samples": clip},
    )[0]["samples"]  # fmt: skip


def relative_error(a, b):
    return float((a - b).abs().max() / b.abs().max())


def published(model, clip, noise, timesteps, tau, cfg=4.0):
    """The authors' loop on the host's network, asked without the host's sampling code, in float64."""
    network, (cond, uncond) = model.model.diffusion_model, (conditioning(model, i)[0][0] for i in (0, 1))

    def predicted_noise(x, step):
        when = torch.full((len(x),), timesteps[step])
        both = [network(x.float(), when, context=c.expand(len(x), -1, -1)).double() for c in (cond, uncond)]
        return both[1] + cfg * (both[0] - both[1])

    alpha_bars = 1 / (1 + model.model.model_sampling.sigmas.double()[timesteps] ** 2)
    z0 = model.model.process_latent_in(clip).double()
    return model.model.process_latent_out(published_loop(predicted_noise, z0, noise.double(), alpha_bars, tau).float())


def test_equals_the_published_loop_on_an_epsilon_model(eps_model, record_property):
    clip = still_latent(eps_model, frames=16)
    timesteps = [950 - 79 * i for i in range(12)]
    sigmas = torch.cat([eps_model.model.model_sampling.sigmas[timesteps], torch.zeros(1)])
    ours = sample(rectify(eps_model, tau_end=0.6), sigmas, clip)
    noise = torch.randn(clip.shape, generator=torch.manual_seed(SEED))
    theirs = published(eps_model, clip, noise, timesteps, tau=(0, 0.6))
    record_property("relative_error", relative_error(ours, theirs))
    assert relative_error(ours, theirs) <= 1e-5
    assert relative_error(sample(eps_model, sigmas, clip), theirs) > 0.05, "rectification must matter in this test"


def literal_euler(model, clip, noise, sigmas, tau, cfg=4.0):
    """Euler with the rule on the literal anchor a = (x - σ̃ε)/α of method.md, guidance written out, in float64."""
    sampling, inner = model.model.model_sampling, model.model
    z0, eps = inner.process_latent_in(clip), noise
    axis = 2 if clip.ndim == 5 else 0
    shape = [1] * clip.ndim
    shape[axis] = -1
    frames = clip.shape[axis]
    omega = torch.tensor(Schedule().omegas(frames), dtype=torch.float32).reshape(shape)
    flow = isinstance(sampling, comfy.model_sampling.CONST)
    x = sampling.noise_scaling(sigmas[:1], eps.clone(), z0)
    steps = len(sigmas) - 1
    for i in range(steps):
        s, s_next = sigmas[i], sigmas[i + 1]
        alpha = 1 - s if flow else 1.0
        both = [
            inner.apply_model(x, s.expand(len(x)), c_crossattn=conditioning(model, k)[0][0].expand(len(x), -1, -1))
            for k in (0, 1)
        ]
        d = both[1] + cfg * (both[0] - both[1])
        if tau[0] * steps <= i < tau[1] * steps:
            r = (x - s * eps) / alpha - d
            d = d + omega * r.narrow(axis, 0, 1) + (1 - omega) * r
        x = x + (x - d) / s * (s_next - s)
    return inner.process_latent_out(x)


@pytest.mark.parametrize("kind", ["v_model", "flow_model"])
def test_equals_the_literal_form_on_v_prediction_and_flow(kind, request, record_property):
    model = request.getfixturevalue(kind)
    clip = still_latent(model, frames=5 if kind == "flow_model" else 16)
    start, steps = {"v_model": (10.0, 12), "flow_model": (0.98, 12)}[kind]
    sigmas = torch.linspace(start, 0, steps + 1)
    ours = sample(rectify(model, tau_end=0.6), sigmas, clip)
    noise = torch.randn(clip.shape, generator=torch.manual_seed(SEED))
    theirs = literal_euler(model, clip, noise, sigmas, tau=(0, 0.6))
    record_property("relative_error", relative_error(ours, theirs))
    assert relative_error(ours, theirs) <= 1e-5
    assert relative_error(sample(model, sigmas, clip), theirs) > 0.02, "rectification must matter in this test"


def still_bound(sampler):
    return {"uni_pc": 0.02, "uni_pc_bh2": 0.02, "dpm_fast": 0.35, "dpm_adaptive": 0.35}.get(sampler, 1e-4)


@pytest.mark.parametrize("sampler", comfy.samplers.KSampler.SAMPLERS)
@pytest.mark.parametrize("kind", ["eps_model", "flow_model"])
def test_omega_zero_returns_the_still_latent_under_every_sampler(kind, sampler, request, record_property):
    model = request.getfixturevalue(kind)
    clip = still_latent(model, frames=3, size=4)
    out = run_node(
        "NRKSampler", model=model, seed=SEED, steps=6, cfg=4.0, sampler_name=sampler, scheduler="normal",
        positive=conditioning(model, 0), negative=conditioning(model, 1), latent_image={"samples": clip}, denoise=1.0,
        schedule=Schedule(omega=HELD, tau_end=1.0),
    )[0]["samples"]  # fmt: skip
    to_model = model.model.process_latent_in
    error = float((to_model(out) - to_model(clip)).abs().max())
    record_property("error", error)
    assert error <= still_bound(sampler)
