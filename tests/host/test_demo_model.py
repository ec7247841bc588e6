"""The demo model: patches along the camera's motion, and the same weights under the host's flow sampling."""

import comfy.model_management
import comfy.model_patcher
import pytest
import torch
from einops import rearrange
from noise_rectification.nodes.core import camera
from noise_rectification.nodes.demo_model import words
from noise_rectification.nodes.demo_model.blocks import LATENTS
from noise_rectification.nodes.demo_model.words import MOTIONS
from private_host.pack import run_node

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


@pytest.mark.parametrize(("name", "value"), [("sampling", "karras"), ("latent", "8x8")])
def test_another_choice_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        run_node("NRLoadDemoModel", **{name: value})


# ---- patches along the camera's motion -------------------------------------------------------------------------------

SIZES = [(16, 64, 64), (20, 48, 80), (4, 8, 8)]


def rates_of(motion: str) -> torch.Tensor:
    return words.prompt_rates(words.prompt_tokens(motion))


def filmed(motion: str, frames: int, height: int, width: int) -> torch.Tensor:
    """Waves, seen by a camera that moves as the prompt says: [1, 3, F, H, W]. Computed at each place, never resampled.

    An object's own motion is not in it: under a drift the camera stands still.
    """
    time, y, x = (torch.arange(n) - (n - 1) / 2 for n in (frames, height, width))
    window = camera.windows(rates_of(motion)[:, 0], time)[0]
    frame = torch.stack([x.expand(height, -1), y[:, None].expand(-1, width), torch.ones(height, width)])
    across, down = torch.einsum("fij,jhw->ifhw", window, frame)
    return torch.stack([(0.5 * across + k * down + k).sin() for k in (0.2, 0.3, 0.4)])[None]


@pytest.fixture(scope="module")
def network(noise_levels):
    return noise_levels.model.diffusion_model


@pytest.mark.parametrize("motion", MOTIONS)
def test_within_a_patch_what_the_camera_films_stands_still(network, motion):
    clip = filmed(motion, 16, 64, 64)
    planes = network.aligned(clip, rates_of(motion))[..., 6:-6, 6:-6].unflatten(2, (-1, network.window[0]))
    change, raw = planes.diff(dim=3).abs().mean(), clip.diff(dim=2).abs().mean()
    assert change <= 0.25 * raw


def test_patches_are_moved_alike_in_half_precision(network):
    clip, rates = filmed("pan left", 16, 64, 64), rates_of("pan left")
    half = network.aligned(clip.bfloat16(), rates)
    assert half.dtype == torch.bfloat16
    assert (half - network.aligned(clip, rates)).abs().max() <= 0.02  # rounding; off by half a pixel it would be 0.3


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("motion", MOTIONS)
def test_patches_put_back_are_the_clip(network, motion, size):
    """Windows, squared, add up to 1 wherever the patches were moved from."""
    clip, rates = filmed(motion, *size), rates_of(motion)
    planes = network.aligned(clip, rates)
    for axis, (window, hop) in enumerate(zip(network.window, network.hops, strict=True)):
        planes = planes.unfold(2 + axis, window, hop)
    tokens = rearrange(planes * network.fades() ** 2, "b c t h w p q r -> b (t h w) (p c q r)")
    back = network.laid_back(network.unpatchify(tokens, planes.shape[2:5]), rates)
    assert back.shape == clip.shape
    still = not rates[:, 0].any()
    assert (back - clip).square().mean() <= (1e-10 if still else 5e-4)


def test_any_size_is_answered(network):
    prompt = words.prompt_tokens("zoom in")
    clip = filmed("zoom in", 11, 50, 70)
    assert network.forward_clip(clip, torch.tensor([500.0]), prompt).shape == clip.shape


@pytest.mark.parametrize("sampling", ["noise levels", "flow"])
def test_the_host_can_load_the_model_again_for_another_gpu(sampling, monkeypatch):
    """MultiGPU CFG Split makes a second model by what the loader left on the first."""
    multigpu = pytest.importorskip("comfy.multigpu", reason="MultiGPU CFG Split came after this ComfyUI")
    model = load(sampling)
    other = torch.device("meta")  # another GPU, as far as the splitting goes
    monkeypatch.setattr(comfy.model_management, "get_all_torch_devices", lambda **more: [model.load_device, other])
    split = run_node("MultiGPU_WorkUnits", model=model, max_gpus=2)[0]
    (second,) = split.get_additional_models_with_key("multigpu")
    assert multigpu and second.load_device == other and second.model is not model.model
    weights, again = model.model.state_dict(), second.model.state_dict()
    assert weights.keys() == again.keys() and all(torch.equal(weights[name], again[name]) for name in weights)
    assert type(second.model) is type(model.model)


@pytest.mark.parametrize("latent", LATENTS)
def test_the_models_loader_can_be_called_as_newer_hosts_do(latent):
    model, vae = run_node("NRLoadDemoModel", latent=latent)
    for patcher in (model, vae.patcher):
        loader, arguments = patcher.cached_patcher_init
        again = loader(*arguments, disable_dynamic=True)
        assert isinstance(again, comfy.model_patcher.ModelPatcher) and type(again.model) is type(patcher.model)
