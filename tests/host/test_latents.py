"""Still clips through the host's own VAE classes."""

import comfy.ldm.wan.vae
import comfy.sd
import pytest
import torch
from noise_rectification.nodes.host import vae as vae_room
from private_host.pack import run_node
from stand_ins.models import randomise


@pytest.fixture(scope="module")
def pixel_vae():
    return comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)})


@pytest.fixture(scope="module")
def wan_vae():
    network = comfy.ldm.wan.vae.WanVAE(
        dim=8, z_dim=16, temperal_downsample=[False, True, True]
    )  # as the host builds it
    randomise(network, seed=3)
    return comfy.sd.VAE(sd=network.state_dict())


def picture(width=32, height=32, count=1, seed=0):
    return torch.rand(count, height, width, 3, generator=torch.Generator().manual_seed(seed))


def still(vae, image, length=9, width=0, height=0, resize="center crop", **more):
    size = {"length": length, "width": width, "height": height, "resize": resize}
    return run_node("NRStillVideoLatent", image=image, vae=vae, **size, **more)[0]["samples"]


def test_a_flat_vae_encodes_once_and_repeats(pixel_vae):
    latent = still(pixel_vae, picture(), length=5)
    assert latent.shape == (5, 3, 32, 32)
    assert all(torch.equal(frame, latent[0]) for frame in latent)


def test_a_video_vae_encodes_the_repeated_picture_as_one_clip(wan_vae):
    """Not the single picture's latent repeated: later latent frames of a causal VAE are something else."""
    image = picture()
    latent = still(wan_vae, image, length=9)
    torch.testing.assert_close(latent, wan_vae.encode(image.repeat(9, 1, 1, 1)))
    torch.testing.assert_close(latent[:, :, :1], wan_vae.encode(image), atol=1e-4, rtol=1e-4)
    assert latent.shape == (1, 16, 3, 4, 4)
    assert not torch.allclose(latent[:, :, 1], latent[:, :, 0], atol=1e-2)


@pytest.mark.parametrize(("length", "frames"), [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_length_is_rounded_down_as_the_hosts_empty_latent_is(wan_vae, length, frames):
    host = run_node("EmptyHunyuanLatentVideo", width=32, height=32, length=length, batch_size=1)[0]["samples"]
    assert still(wan_vae, picture(), length=length).shape[2] == frames == host.shape[2]


def test_rounding_is_said_in_the_log(wan_vae, caplog):
    with caplog.at_level("INFO", "noise_rectification"):
        still(wan_vae, picture(), length=8, width=37)
    messages = [r.getMessage() for r in caplog.records]
    assert "length: 8 frames rounded down to 5, which is what this VAE can hold." in messages
    assert "Size 37 x 32 rounded down to 32 x 32, the VAE's grid." in messages


# MiniMax H3 holds 17 k + 5 frames in 5 k + 2 latent ones. Its small VAE counts upward, so that 18 frames would be 22.
H3 = (lambda frames: max(1, (frames - 5) // 17 * 5 + 2) if frames > 1 else 1,
      lambda latents: max(1, (latents - 2) // 5 * 17 + 5))  # fmt: skip
H3_UPWARD = (lambda frames: max(1, (frames - 1) // 17 * 5 + 2) if frames > 1 else 1, H3[1])


@pytest.mark.parametrize("grid", [H3, H3_UPWARD], ids=["H3", "its small VAE"])
def test_a_grid_that_is_no_multiple_is_asked_of_the_vae(grid):
    """Regression: one number per VAE, frames in a latent frame, was wrong for 185 of 200 lengths."""
    for length in range(1, 200):
        held = (length - 5) // 17 * 17 + 5 if length >= 5 else 1
        assert vae_room.longest_fitting(length, *grid) == held


def test_the_longest_clip_that_a_vae_holds_is_what_it_gives_back_whole(wan_vae):
    for length in range(1, 60):
        held = vae_room.longest_fitting(length, wan_vae.downscale_ratio[0], wan_vae.upscale_ratio[0])
        assert held == (length - 1) // 4 * 4 + 1


@pytest.mark.parametrize("resize", ["center crop", "stretch", "pad"])
def test_resizing_gives_the_asked_size(pixel_vae, resize):
    assert still(pixel_vae, picture(48, 24), length=1, width=32, height=40, resize=resize).shape == (1, 3, 40, 32)


def test_padding_keeps_the_whole_picture_and_cropping_its_middle(pixel_vae):
    wide = torch.zeros(1, 32, 64, 3)
    wide[:, :, 16:48] = 1.0
    padded = still(pixel_vae, wide, length=1, width=32, height=32, resize="pad")
    cropped = still(pixel_vae, wide, length=1, width=32, height=32)
    black, white = padded.min(), cropped.max()
    assert torch.allclose(padded[0, :, :8], black.expand(3, 8, 32)), "bars above"
    assert torch.allclose(cropped[0, :, :, 2:-2], white.expand(3, 32, 28), atol=0.05), "only the white middle is left"


def test_a_batch_of_length_pictures_is_the_video_that_it_is(pixel_vae, wan_vae):
    video = picture(count=9)
    torch.testing.assert_close(still(wan_vae, video, length=9), wan_vae.encode(video))
    torch.testing.assert_close(still(pixel_vae, video, length=9), pixel_vae.encode(video))


@pytest.mark.parametrize("count", [9, 12])
def test_a_video_is_cut_to_what_the_vae_holds(wan_vae, count, caplog):
    """Such as a moved picture's clip, made at the length that was asked for or at what the VAE holds of it."""
    video = picture(count=count)
    with caplog.at_level("INFO", "noise_rectification"):
        torch.testing.assert_close(still(wan_vae, video, length=12), wan_vae.encode(video[:9]))
    assert "length: 12 frames rounded down to 9, which is what this VAE can hold." in caplog.messages


@pytest.mark.parametrize("count", [0, 4, 10])
def test_a_batch_of_another_length_is_refused(pixel_vae, count):
    with pytest.raises(ValueError, match=r"^image: (a batch of \d+ pictures.*exactly `length` \(9\)|.* no picture)"):
        still(pixel_vae, picture(count=count), length=9)


def test_an_end_image_is_faded_to(pixel_vae):
    first, last = picture(seed=1), picture(seed=2)
    latent = still(pixel_vae, first, length=5, end_image=last)
    ends = still(pixel_vae, first, length=1), still(pixel_vae, last, length=1)
    torch.testing.assert_close(latent[:1], ends[0])
    torch.testing.assert_close(latent[-1:], ends[1])
    torch.testing.assert_close(latent[2:3], (ends[0] + ends[1]) / 2)


@pytest.mark.parametrize(("length", "held"), [(1, 1), (4, 1), (5, 5)])
def test_an_end_image_that_has_no_place_in_the_clip_is_said(wan_vae, length, held, caplog):
    with caplog.at_level("INFO", "noise_rectification"):
        latent = still(wan_vae, picture(seed=1), length=length, end_image=picture(seed=2))
    said = [text for text in caplog.messages if text.startswith("end_image: a clip of one frame has no end")]
    assert len(said) == (held == 1)
    assert torch.equal(latent, still(wan_vae, picture(seed=1), length=held)) == (held == 1)


@pytest.mark.parametrize(
    ("mark", "size"),
    [
        ("decoder.layers.1.layers.0.beta", 2048),  # Stable Audio
        ("vocoder.backbone.channel_layers.0.0.bias", 128),  # ACE-Step
        ("geo_decoder.cross_attn_decoder.ln_1.bias", 1024),  # Hunyuan 3D
    ],
)
def test_a_vae_that_is_not_for_pictures_is_refused(mark, size):
    vae = comfy.sd.VAE(sd={mark: torch.zeros(size)})
    with pytest.raises(ValueError, match="^vae: this one is for sound or shapes"):
        still(vae, picture())


def test_an_end_image_with_a_video_is_refused(pixel_vae):
    with pytest.raises(ValueError, match="end_image"):
        still(pixel_vae, picture(count=5), length=5, end_image=picture())


def test_an_unknown_resize_is_refused(pixel_vae):
    with pytest.raises(ValueError, match="resize: 'squash' is not a choice"):
        still(pixel_vae, picture(), resize="squash")


def test_alpha_is_dropped(pixel_vae):
    assert still(pixel_vae, torch.rand(1, 32, 32, 4), length=2).shape == (2, 3, 32, 32)


def test_repeating_for_a_video_vae_costs_no_pixels(wan_vae, monkeypatch):
    """The clip handed to the VAE is one picture seen many times, not a copy for each frame."""
    seen = []
    encode = type(wan_vae).encode
    monkeypatch.setattr(type(wan_vae), "encode", lambda self, pixels: seen.append(pixels) or encode(self, pixels))
    still(wan_vae, picture(), length=9)
    assert seen[0].shape[0] == 9 and seen[0].untyped_storage().nbytes() == 32 * 32 * 3 * 4
