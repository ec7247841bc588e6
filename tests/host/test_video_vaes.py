"""Still clips through the host's video VAEs: its own classes, built as its loader builds them."""

import gc

import pytest
import torch
from private_host.pack import run_node
from stand_ins import vae_zoo
from stand_ins.vae_zoo import VAES


@pytest.fixture(scope="module", params=vae_zoo.cases())
def case(request):
    vae = vae_zoo.build(request.param)
    yield VAES[request.param], vae
    del vae
    gc.collect()


def still(vae, length, size):
    picture = torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(1))
    latent = run_node("NRStillVideoLatent", image=picture, vae=vae, length=length, width=0, height=0,
                      resize="center crop")[0]["samples"]  # fmt: skip
    return picture, latent


def test_any_length_gives_the_latent_frames_that_the_vae_has_for_it(case, caplog):
    kind, vae = case
    size = 64
    plane = (size // kind.pixels,) * 2
    for length in kind.lengths:
        caplog.clear()
        with caplog.at_level("INFO", "noise_rectification"):
            _, latent = still(vae, length, size)
        rounded = kind.grid is not None and kind.held(length) != length
        said = f"length: {length} frames rounded down to {kind.held(length)}, which is what this VAE can hold."
        assert caplog.messages == [said] * rounded
        if kind.grid is None:
            assert latent.shape == (length, kind.channels, *plane)
        else:
            assert latent.shape == (1, kind.channels, kind.grid(length), *plane)
        assert torch.isfinite(latent).all()


def test_the_picture_is_encoded_as_the_clip_that_the_vae_can_hold(case):
    kind, vae = case
    length = 11
    picture, latent = still(vae, length, 64)
    expected = vae.encode(picture.repeat(kind.held(length), 1, 1, 1))
    torch.testing.assert_close(latent, expected.expand_as(latent), atol=1e-4, rtol=1e-4)


def test_any_size_is_rounded_down_to_the_vaes_grid(case, caplog):
    kind, vae = case
    with caplog.at_level("INFO", "noise_rectification"):
        _, latent = still(vae, 1, 78)
    held = 78 // kind.pixels * kind.pixels
    assert latent.shape[-2:] == (held // kind.pixels,) * 2
    assert caplog.messages == [f"Size 78 x 78 rounded down to {held} x {held}, the VAE's grid."]
