"""Still clips through the host's video VAEs: its own classes, built as its loader builds them."""

import gc

import pytest
import torch
import vae_zoo
from pack import run_node
from vae_zoo import VAES


@pytest.fixture(scope="module", params=VAES)
def case(request):
    vae = vae_zoo.build(request.param)
    yield VAES[request.param], vae
    del vae
    gc.collect()


def still(vae, length, size):
    picture = torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        latent = run_node("NRStillVideoLatent", image=picture, vae=vae, length=length, width=0, height=0,
                          resize="center crop")[0]["samples"]  # fmt: skip
    return picture, latent


def test_any_length_gives_the_latent_frames_of_the_hosts_empty_latent(case):
    kind, vae = case
    k, size = kind.frames, 64
    plane = (size // kind.pixels,) * 2
    for length in (1, 9) if k is None else (1, k, k + 1, 2 * k + 3):
        _, latent = still(vae, length, size)
        if k is None:
            assert latent.shape == (length, kind.channels, *plane)
        else:
            assert latent.shape == (1, kind.channels, (length - 1) // k + 1, *plane)
        assert torch.isfinite(latent).all()


def test_the_picture_is_encoded_as_the_clip_that_the_vae_can_hold(case):
    kind, vae = case
    k = kind.frames
    length = 5 if k is None else k + 2
    picture, latent = still(vae, length, 64)
    held = 1 if k is None else k + 1
    with torch.inference_mode():
        expected = vae.encode(picture.repeat(held, 1, 1, 1))
    torch.testing.assert_close(latent, expected.expand_as(latent), atol=1e-4, rtol=1e-4)
