"""The demo model as a latent model: the same model behind an orthonormal transform of its pixels, with a causal VAE."""

import math

import comfy.sample
import comfy.samplers
import comfy.sd
import pytest
import torch
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.demo_model import blocks
from private_host.pack import run_node

BLOCKS = "blocks of 4x4 pixels and 5 frames"
SAMPLINGS = ["noise levels", "flow"]
STEPS = 4


def load(sampling: str, latent: str):
    model, vae = run_node("NRLoadDemoModel", sampling=sampling, latent=latent)
    return (run_node("ModelSamplingSD3", model=model, shift=5.0)[0] if sampling == "flow" else model), vae


@pytest.fixture(scope="module", params=SAMPLINGS)
def sampling(request):
    return request.param


@pytest.fixture(scope="module")
def model(sampling):
    return load(sampling, BLOCKS)[0]


@pytest.fixture(scope="module")
def vae():
    return load("noise levels", BLOCKS)[1]


@pytest.fixture(scope="module")
def pixel_vae():
    return load("noise levels", "pixels")[1]


def noise_like(shape, seed: int = 3) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def video_of(frames: int, high: int = 64, wide: int = 64) -> torch.Tensor:
    """Pictures [F, H, W, 3] in 0…1, all of them noise."""
    return torch.rand(frames, high, wide, 3, generator=torch.Generator().manual_seed(2))


def in_blocks(clip: torch.Tensor) -> torch.Tensor:
    """A clip as the model of pixels holds it, [F, 3, H, W], as the latent model does: [1, 240, T, h, w]."""
    return blocks.to_latent(clip.movedim(0, 1)[None])


def in_pixels(latent: torch.Tensor) -> torch.Tensor:
    return blocks.to_video(latent)[0].movedim(1, 0)


def coffee(vae, length: int = 16) -> torch.Tensor:
    picture = run_node("NRDemoPicture", picture="coffee")[0]
    return still(vae, picture, length)


def still(vae, picture, length: int) -> torch.Tensor:
    return run_node("NRStillVideoLatent", image=picture, vae=vae, length=length, width=0, height=0,
                    resize="center crop")[0]["samples"]  # fmt: skip


def prompts(motion: str = "pan left") -> dict:
    positive, negative = run_node("NRDemoPrompt", motion=motion)
    return {"positive": positive, "negative": negative}


def sampled(node: str, model, latent: dict | torch.Tensor, **more) -> torch.Tensor:
    """Sampled by KSampler or NRKSampler."""
    inputs = {"model": model, "seed": 1, "steps": STEPS, "cfg": 1.25, "sampler_name": "euler", "scheduler": "simple",
              "latent_image": latent if isinstance(latent, dict) else {"samples": latent}, "denoise": 1.0,
              **prompts()}  # fmt: skip
    return run_node(node, **{**inputs, **more})[0]["samples"]


# ---- the transform ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frames", [1, blocks.FRAMES])
def test_the_transform_turns_and_never_stretches(frames):
    matrix = blocks.block_transform(frames).double()
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(16 * frames, dtype=torch.float64), atol=1e-6, rtol=0)


def test_white_noise_stays_white():
    """A whole clip's numbers are turned into as many of the latent, and none is stretched; the rest stay empty."""
    clip = torch.eye(3 * 6 * 8 * 4).reshape(-1, 3, 6, 8, 4)  # each of a clip's numbers alone
    latent = blocks.to_latent(clip).flatten(1)
    torch.testing.assert_close(latent @ latent.T, torch.eye(len(clip)), atol=1e-5, rtol=0)
    shown = latent.square().sum(0)
    assert ((shown - 1).abs() < 1e-4).sum() == len(clip) and (shown < 1e-9).sum() == latent.shape[1] - len(clip)


def test_what_the_first_frame_leaves_empty_is_not_read():
    latent = noise_like((2, blocks.CHANNELS, 3, 2, 2))
    video = blocks.to_video(latent)
    shown = blocks.to_latent(video)
    assert not shown[:, blocks.STILL :, 0].any()
    torch.testing.assert_close(shown[:, : blocks.STILL], latent[:, : blocks.STILL], atol=1e-5, rtol=0)
    torch.testing.assert_close(shown[:, :, 1:], latent[:, :, 1:], atol=1e-5, rtol=0)


# ---- the VAE ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(16, 64, 64), (1, 8, 12), (21, 16, 4)])
def test_decoding_an_encoded_video_gives_it_back(vae, size):
    video = video_of(*size)
    latent = run_node("VAEEncode", pixels=video, vae=vae)[0]
    frames, high, wide = size
    assert latent["samples"].shape == (1, blocks.CHANNELS, (frames - 1) // 5 + 1, high // 4, wide // 4)
    torch.testing.assert_close(run_node("VAEDecode", samples=latent, vae=vae)[0], video, atol=1e-5, rtol=0)


def test_several_videos_are_decoded_each_as_by_itself(vae):
    first, second = (vae.encode(video_of(6, 16, 16).roll(n, 1)) for n in range(2))
    both = vae.decode(torch.cat([first, second]))
    torch.testing.assert_close(both, torch.cat([vae.decode(first), vae.decode(second)]))


def test_the_hosts_tiles_leave_no_seams(vae):
    video = video_of(16, 192, 128)
    latent = {"samples": vae.encode(video)}
    tiles = {"tile_size": 96, "overlap": 16, "temporal_size": 64, "temporal_overlap": 8}
    encoded = run_node("VAEEncodeTiled", pixels=video, vae=vae, **tiles)[0]["samples"]
    torch.testing.assert_close(encoded, latent["samples"], atol=1e-4, rtol=0)
    decoded = run_node("VAEDecodeTiled", samples=latent, vae=vae, **tiles)[0]
    torch.testing.assert_close(decoded, video, atol=1e-5, rtol=0)


def test_without_memory_the_host_decodes_and_encodes_in_tiles(vae, monkeypatch):
    video, network = video_of(6, 320, 320), vae.first_stage_model
    known = vae.encode(video)
    for name in ("encode", "decode"):
        whole = getattr(network, name)

        def small(pixels, whole=whole, **options):
            if pixels.shape[-1] in (80, 320):
                raise torch.OutOfMemoryError("out of memory")
            return whole(pixels)

        monkeypatch.setattr(network, name, small)
    torch.testing.assert_close(vae.encode(video), known, atol=1e-4, rtol=0)
    torch.testing.assert_close(vae.decode(known)[0], video, atol=1e-5, rtol=0)


def test_the_vae_is_the_hosts_own_and_tells_its_grid(vae):
    assert type(vae) is comfy.sd.VAE
    assert vae.temporal_compression_decode() == 5
    assert vae.spacial_compression_decode() == vae.spacial_compression_encode() == 4
    for frames in range(1, 30):
        whole = vae.upscale_ratio[0](vae.downscale_ratio[0](frames))
        assert whole % 5 == 1 and 0 <= frames - whole < 5


def test_a_still_clips_first_latent_frame_has_other_statistics_than_its_later_ones(vae):
    latent = coffee(vae)
    assert latent.shape == (1, blocks.CHANNELS, 4, 16, 16)
    first, later = latent[:, :, :1], latent[:, :, 1:]
    torch.testing.assert_close(later, (math.sqrt(5) * first).expand_as(later), atol=1e-5, rtol=1e-5)
    assert first[:, :3].abs().mean() > 10 * first[:, 3 : blocks.STILL].abs().mean()  # the mean colours lead


@pytest.mark.parametrize(("length", "held"), [(1, 1), (5, 1), (6, 6), (15, 11), (16, 16)])
def test_a_clips_length_is_rounded_down_to_one_and_five_each(vae, caplog, length, held):
    with caplog.at_level("INFO", "noise_rectification"):
        latent = coffee(vae, length)
    assert latent.shape[2] == (held - 1) // 5 + 1
    said = f"length: {length} frames rounded down to {held}, which is what this VAE can hold."
    assert caplog.messages == [said] * (length != held)


# ---- the model -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("motion", ["pan left", "zoom in"])
def test_it_samples_the_same_video_as_the_model_of_pixels(sampling, model, vae, pixel_vae, motion):
    pixels, _ = load(sampling, "pixels")
    noise, start = noise_like((16, 3, 64, 64)), coffee(pixel_vae)
    unread = noise_like((1, blocks.CHANNELS, 4, 16, 16), 4)
    unread[:, : blocks.STILL, 0], unread[:, :, 1:] = 0, 0
    asked = {"cfg": 1.25, "sampler_name": "euler", "scheduler": "simple", **prompts(motion), "seed": 1}

    def video(model, noise, latent):
        return comfy.sample.sample(model, noise, STEPS, latent_image=latent, **asked)

    expected = video(pixels, noise, start)
    made = video(model, in_blocks(noise) + unread, in_blocks(start))
    assert expected.std() > 0.05
    torch.testing.assert_close(in_pixels(made), expected, atol=1e-3, rtol=0)
    assert made[:, blocks.STILL :, 0].abs().max() <= 1e-4


def test_a_noise_level_means_the_same(sampling, model, pixel_vae):
    pixels, _ = load(sampling, "pixels")
    levels = [
        comfy.samplers.calculate_sigmas(m.get_model_object("model_sampling"), "simple", STEPS) for m in (model, pixels)
    ]
    assert torch.equal(*levels)
    clip = coffee(pixel_vae)
    torch.testing.assert_close(
        model.model.process_latent_in(in_blocks(clip)), in_blocks(pixels.model.process_latent_in(clip))
    )


def test_several_videos_are_sampled_each_as_by_itself(model):
    noise = noise_like((2, blocks.CHANNELS, 4, 16, 16))
    asked = {"cfg": 1.25, "sampler_name": "euler", "scheduler": "simple", **prompts(), "seed": 1}
    made = [comfy.sample.sample(model, n, 2, latent_image=torch.zeros_like(n), **asked) for n in (noise, noise[1:])]
    torch.testing.assert_close(made[0][1:], made[1], atol=1e-3, rtol=0)


def test_a_blocks_colour_is_told_by_the_format(model, vae):
    clip = coffee(vae)
    factors = torch.tensor(model.model.latent_format.latent_rgb_factors)
    colours = torch.einsum("bcthw,cr->brthw", model.model.process_latent_in(clip), factors)
    pictures = vae.decode(clip)[0].movedim(-1, 0)[None] * 2 - 1  # [1, 3, F, H, W]
    expected = torch.nn.functional.avg_pool3d(pictures[:, :, 1:], (5, 4, 4))
    torch.testing.assert_close(colours[:, :, 1:], expected, atol=1e-4, rtol=0)


# ---- the pack's samplers on it ---------------------------------------------------------------------------------------

HELD = Schedule(omega=(0.0,), tau_end=1.0)


def test_strength_zero_is_bit_identical(model, vae):
    latent = coffee(vae)
    host = sampled("KSampler", model, latent)
    assert torch.equal(sampled("NRKSampler", model, latent, schedule=Schedule(strength=0.0)), host)


def test_omega_zero_returns_the_still_clip(model, vae):
    latent = coffee(vae)
    made = sampled("NRKSampler", model, latent, schedule=HELD)
    torch.testing.assert_close(made, latent, atol=1e-3, rtol=0)


def test_a_mask_for_each_frame_of_the_video_holds_where_it_is_white(model, vae):
    """16 masks over 4 latent frames: held on the left and, from the second latent frame on, nowhere else."""
    mask = torch.zeros(16, 64, 64)
    mask[..., :32] = 1
    mask[0] = 1
    latent = coffee(vae)
    made = sampled("NRKSampler", model, latent, schedule=HELD, mask=mask)
    off = (made - latent).abs()
    assert off[:, :, 0].max() <= 1e-3 and off[..., :8].max() <= 1e-3
    free = sampled("KSampler", model, latent)
    assert off[:, :, 1:, :, 8:].mean() > 0.3 * (free - latent).abs()[:, :, 1:, :, 8:].mean()


def test_the_hosts_mask_holds_the_first_latent_frame(model, vae):
    latent = {"samples": coffee(vae), "noise_mask": torch.ones(1, 1, 4, 1, 1)}
    latent["noise_mask"][:, :, 0] = 0
    made = sampled("NRKSampler", model, latent, schedule=Schedule())
    torch.testing.assert_close(made[:, :, 0], latent["samples"][:, :, 0], atol=1e-4, rtol=0)


def colours_off(vae, samples, picture) -> float:
    """How far the mean colour of a video's frames is from the picture's, on average."""
    video = vae.decode(samples)[0]
    return float((video.mean((1, 2)) - picture.mean((1, 2))).abs().mean())


def test_held_colours_are_the_pictures(model, vae):
    latent, picture = coffee(vae), run_node("NRDemoPicture", picture="coffee")[0]
    plain, held = (
        colours_off(vae, sampled("NRKSampler", model, latent, steps=8, schedule=Schedule(hold_colours=h)), picture)
        for h in (0.0, 1.0)
    )
    assert held < 0.5 * plain


@pytest.mark.parametrize("schedule", [Schedule(tau_end=1.0), Schedule(tau_end=1.0, motion_compensation=1.0)])
def test_two_stages_are_one_run(model, vae, schedule):
    def stage(latent, start: int, end: int):
        return run_node(
            "NRKSamplerAdvanced", model=model, add_noise="disable" if start else "enable", noise_seed=1, steps=6,
            cfg=1.25, sampler_name="euler", scheduler="simple", **prompts(), latent_image=latent, start_at_step=start,
            end_at_step=end, return_with_leftover_noise="enable" if end < 6 else "disable", schedule=schedule,
        )[0]  # fmt: skip

    latent = {"samples": coffee(vae)}
    whole, halves = stage(latent, 0, 6), stage(stage(latent, 0, 3), 3, 6)
    torch.testing.assert_close(halves["samples"], whole["samples"], atol=2e-3, rtol=0)
