"""A demo model that sees a picture, told in the host's own form of conditioning. Its weights are made up here."""

import json

import pytest
import torch
from noise_rectification.nodes.demo_model import blocks
from noise_rectification.nodes.demo_model.network import WEIGHTS, load_demo_model, seen
from noise_rectification.nodes.demo_model.vae import load_demo_vae
from private_host.pack import run_node
from safetensors import safe_open
from safetensors.torch import load_file, save_file

BLOCKS = "blocks of 4x4 pixels and 5 frames"
SAMPLINGS = ["noise levels", "flow"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The shipped weights, and random ones that see."""
    with safe_open(WEIGHTS, "pt") as file:
        metadata = file.metadata()
    config = json.loads(metadata["config"]) | {"picture_dim": 4}
    filters = torch.randn(config["dim"], 4, 2, 12, 12, generator=torch.Generator().manual_seed(1))
    path = tmp_path_factory.mktemp("seeing") / "seeing.safetensors"
    state = load_file(WEIGHTS) | {"patch_embedding.picture.weight": 0.1 * filters.half()}
    save_file(state, path, metadata | {"config": json.dumps(config)})
    return path


def sampled(model, latent: str, shape, picture=None, seed: int = 1):
    """A clip [F, 3, H, W]; the picture, a LATENT's samples, is seen with and without the prompt."""
    positive, negative = run_node("NRDemoPrompt", motion="pan left")
    if picture is not None:
        positive, negative = (
            [[prompt, {**told, "concat_latent_image": picture}] for prompt, told in each]
            for each in (positive, negative)
        )
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    noise = blocks.to_latent(noise.movedim(0, 1)[None]) if latent == BLOCKS else noise
    inputs = {"model": model, "add_noise": "disable", "noise_seed": 0, "steps": 3, "cfg": 1.5, "sampler_name": "euler",
              "scheduler": "simple", "positive": positive, "negative": negative,
              "start_at_step": 0, "end_at_step": 3, "return_with_leftover_noise": "disable"}  # fmt: skip
    sigma = float(run_node("BasicScheduler", model=model, scheduler="simple", steps=3, denoise=1.0)[0][0])
    made = run_node("KSamplerAdvanced", latent_image={"samples": noise * sigma}, **inputs)[0]["samples"]
    return blocks.to_video(made)[0].movedim(1, 0) if latent == BLOCKS else made


def encoded(latent: str, size: int = 64):
    return load_demo_vae(latent).encode(torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(2)))


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_in_blocks_and_in_pixels_it_sees_the_same(weights, sampling):
    clips = [
        sampled(load_demo_model(weights, sampling, latent), latent, (16, 3, 64, 64), encoded(latent))
        for latent in ("pixels", BLOCKS)
    ]
    torch.testing.assert_close(*clips, atol=2e-3, rtol=1e-3)
    unseen = sampled(load_demo_model(weights, sampling), "pixels", (16, 3, 64, 64))
    assert (clips[0] - unseen).abs().max() > 0.1


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("latent", ["pixels", BLOCKS])
def test_where_it_sees_nothing_it_is_the_model_that_never_saw(weights, sampling, latent):
    clips = [sampled(load_demo_model(file, sampling, latent), latent, (16, 3, 64, 64)) for file in (weights, WEIGHTS)]
    assert torch.equal(*clips)


@pytest.mark.parametrize("latent", ["pixels", BLOCKS])
def test_weights_that_never_saw_leave_a_conditioned_picture_alone(latent):
    model = load_demo_model(WEIGHTS, "flow", latent)
    clips = [sampled(model, latent, (16, 3, 64, 64), picture) for picture in (None, encoded(latent))]
    assert torch.equal(*clips)


@pytest.mark.parametrize("latent", ["pixels", BLOCKS])
def test_a_picture_of_another_size_is_fitted_to_the_videos(weights, latent):
    model = load_demo_model(weights, "flow", latent)
    clip = sampled(model, latent, (16, 3, 48, 80), encoded(latent, size=64))
    assert torch.isfinite(clip).all() and clip.shape[-2:] == (48, 80)


def test_what_is_seen_is_the_picture_in_frame_0_and_where_it_is():
    picture = torch.rand(2, 3, 4, 5)
    told = seen(picture, 6)
    assert told.shape == (2, 4, 6, 4, 5)
    assert torch.equal(told[:, :3, 0], picture) and told[:, 3, 0].eq(1).all() and not told[:, :, 1:].any()
