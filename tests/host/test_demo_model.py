"""The demo model as a flow model: the same weights under the host's flow sampling."""

import pytest
import torch
from pack import run_node

PROMPT = "pan left"


def load(sampling: str, shift: float | None = None):
    model, _ = run_node("NRLoadDemoModel", sampling=sampling)
    return model if shift is None else run_node("ModelSamplingSD3", model=model, shift=shift)[0]


@pytest.fixture(scope="module")
def noise_levels():
    return load("noise levels")


@pytest.fixture(scope="module", params=[None, 5.0])
def flow(request):
    return load("flow", request.param)


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.inference_mode():
        yield


def clean(model, x, sigma: float):
    """The prediction of the clean clip, as the host's sampling code gets it."""
    ((prompt, _),), _ = run_node("NRDemoPrompt", motion=PROMPT)
    model.patch_model()
    try:
        return model.model.apply_model(x, torch.full((len(x),), sigma), c_crossattn=prompt.expand(len(x), -1, -1))
    finally:
        model.unpatch_model()


@pytest.mark.parametrize("sigma", [0.02, 0.3, 0.5, 0.9])
def test_the_prediction_at_sigma_is_the_noise_level_models_at_their_ratio(noise_levels, flow, sigma):
    """x = (1 - σ) x0 + σ ε, divided by 1 - σ, is x0 under noise of σ / (1 - σ)."""
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(16, 3, 64, 64, generator=generator)
    expected = clean(noise_levels, x / (1 - sigma), sigma / (1 - sigma))
    torch.testing.assert_close(clean(flow, x, sigma), expected, atol=2e-3, rtol=1e-3)


def test_pure_noise_has_a_finite_prediction(flow):
    noise = torch.randn(16, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    assert clean(flow, noise, 1.0).abs().max() < 4


def test_plain_flow_sampling_gives_a_clip_whose_frames_belong_together(flow):
    positive, negative = run_node("NRDemoPrompt", motion=PROMPT)
    empty = {"samples": torch.zeros(16, 3, 64, 64)}
    made = run_node("KSampler", model=flow, seed=1, steps=10, cfg=1.5, sampler_name="euler", scheduler="simple",
                    positive=positive, negative=negative, latent_image=empty, denoise=1.0)[0]["samples"]  # fmt: skip
    assert made.abs().max() < 1.6  # pixels in -1…1
    assert made.std() > 0.08
    neighbours = torch.corrcoef(torch.stack([made[:-1].flatten(), made[1:].flatten()]))[0, 1]
    assert neighbours > 0.7  # 0 in noise


def test_the_shift_of_the_hosts_node_moves_the_schedule():
    sigmas = [load("flow", shift).get_model_object("model_sampling").percent_to_sigma(0.5) for shift in (None, 5.0)]
    assert sigmas == pytest.approx([0.5, 5 / 6])


def test_a_sampler_may_ask_for_the_clean_clip_in_mixed_precision(noise_levels):
    """Regression: RES4LYF's samplers ended in an error, since torch.lerp takes one precision only."""
    sampling = noise_levels.get_model_object("model_sampling")
    answer, x = torch.randn(2, 16, 3, 64, 64).unbind()
    clean = sampling.calculate_denoised(torch.tensor(0.3), answer, x)
    mixed = sampling.calculate_denoised(torch.tensor(0.3), answer, x.double())
    torch.testing.assert_close(mixed, clean.double(), check_dtype=True, rtol=1e-5, atol=1e-5)


def test_another_sampling_is_refused_by_name():
    with pytest.raises(ValueError, match="sampling"):
        run_node("NRLoadDemoModel", sampling="karras")
