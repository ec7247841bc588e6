"""Keyframe Video Latent: pictures at several places of a clip, through the host's VAEs."""

import logging

import pytest
import torch
from noise_rectification.nodes.core.metrics import psnr
from noise_rectification.nodes.core.schedule import Schedule
from private_host.pack import run_node

BLOCKS = "blocks of 4x4 pixels and 5 frames"


@pytest.fixture(scope="module", params=["pixels", BLOCKS])
def demo(request):
    return run_node("NRLoadDemoModel", latent=request.param)


@pytest.fixture(scope="module")
def pictures():
    """Three pictures of one scene, the camera moved on between them."""
    wide = run_node("NRDemoPicture", picture="coffee")[0]
    wide = torch.nn.functional.interpolate(wide.movedim(-1, 1), (96, 96), mode="bilinear").movedim(1, -1)
    return torch.cat([wide[:, 16:80, left : left + 64] for left in (8, 16, 24)])


def clip_of(vae, images, **more):
    inputs = {"places": "0, 7, -1", "strengths": "1", "length": 16, "width": 0, "height": 0, "resize": "center crop"}
    return run_node("NRKeyframeLatent", images=images, vae=vae, **inputs | more)


def test_each_picture_is_at_its_place_and_between_them_all_moves(demo, pictures):
    latent, mask, pivots, frames = clip_of(demo[1], pictures)
    assert frames.shape == (16, 64, 64, 3) and mask.shape == (16, 64, 64)
    for place, picture in zip((0, 7, 15), pictures, strict=True):
        torch.testing.assert_close(frames[place], picture, atol=1e-6, rtol=0)
        assert (mask[place] == 1).all()
    faded = torch.lerp(pictures[0], pictures[1], 4 / 7)
    assert (frames[4, 8:-8, 8:-8] - faded[8:-8, 8:-8]).abs().mean() > 0.02, "it is no cross-fade"
    assert pivots == ("0, 7, 15" if latent["samples"].ndim == 4 else "0, 2, 3")


def test_a_video_is_held_to_all_of_them(demo, pictures):
    """With the pivots and the mask that come with the clip."""
    model, vae = demo
    latent, mask, pivots, frames = clip_of(vae, pictures)
    positive, negative = run_node("NRDemoPrompt", motion="pan right")
    schedule = Schedule(omega=(0.0,), tau_end=1.0, anchor="image", pivot_frames=pivots)
    out = run_node("NRKSampler", model=model, seed=1, steps=4, cfg=1.0, sampler_name="euler", scheduler="normal",
                   positive=positive, negative=negative, latent_image=latent, denoise=1.0, schedule=schedule,
                   mask=mask)[0]  # fmt: skip
    video = run_node("VAEDecode", samples=out, vae=vae)[0]
    for place, picture in zip((0, 7, 15), pictures, strict=True):
        assert psnr(video[place].clamp(0, 1).numpy(), picture.numpy()) > 27


def test_strengths_are_in_the_mask(demo, pictures):
    _, mask, _, _ = clip_of(demo[1], pictures, strengths="1, 0.5, 0")
    assert [float(mask[place].mean()) for place in (0, 7, 15)] == [1, 0.5, 0]


def test_strangers_leave_the_way_to_the_model_and_it_is_said(demo, pictures, caplog):
    caplog.set_level(logging.INFO)
    other = run_node("NRDemoPicture", picture="cameraman")[0]
    latent, mask, _, frames = clip_of(demo[1], torch.cat([pictures[:1], other]), places="0, -1")
    assert "images: from frame 0 to frame 15 the pictures show other things" in caplog.text
    assert not mask[1:11].any() and (mask[[0, 15]] == 1).all()
    if latent["samples"].ndim == 5:  # the pictures of the last latent frame are all the last one
        assert torch.equal(frames[11:], other.expand(5, -1, -1, -1)) and (mask[11:] == 1).all()


def test_before_the_first_and_after_the_last_place_they_stand_still(demo, pictures):
    _, mask, _, frames = clip_of(demo[1], pictures[:2], places="10, 5")
    assert torch.equal(frames[0], pictures[1]) and torch.equal(frames[15], pictures[0]) and (mask[[0, 15]] == 1).all()


def test_one_picture_is_a_still_clip(demo, pictures):
    latent, mask, pivots, _ = clip_of(demo[1], pictures[:1], places="0")
    still = run_node("NRStillVideoLatent", image=pictures[:1], vae=demo[1], length=16, width=0, height=0,
                     resize="center crop")[0]  # fmt: skip
    assert torch.equal(latent["samples"], still["samples"]) and pivots == "0" and (mask == 1).all()
