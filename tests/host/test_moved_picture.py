"""Move Picture Like Video and Camera Move on the real host."""

import logging
from pathlib import Path

import comfy.model_management
import comfy.sd
import folder_paths
import pytest
import torch
from noise_rectification.nodes.core.moved_picture import FILLS
from noise_rectification.nodes.core.schedule import Schedule
from PIL import Image
from private_host.pack import run_node
from runs import ksampler
from stand_ins.models import sd15
from stand_ins.moving_pictures import real_clip, shipped

SIZE = (128, 176)


@pytest.fixture(scope="module")
def picture():
    return ((shipped("astronaut.png")[..., 60:188, 120:296] + 1) / 2).movedim(1, -1)


@pytest.fixture(scope="module")
def shot():
    """10 frames of 136 x 320."""
    return ((real_clip("bikes", 150, 1, 2, frames=10) + 1) / 2).movedim(1, -1)


def move(picture, video, amount=1.0, length=0, fill=FILLS[0]):
    return run_node("NRMovePicture", image=picture, video=video, amount=amount, length=length, fill=fill)


def film(picture, **more):
    """Camera Move takes its inputs as lists."""
    values = {"image": picture, "length": 9, "pan": 0.1, "tilt": 0.0, "zoom": 1.0, "roll": 0.0, "easing": "linear"}
    return run_node("NRCameraMove", **{name: [value] for name, value in (values | more).items()})


def camera_of(picture, frames, right):
    """The picture slid by whole pixels, as a video."""
    return torch.cat([picture.roll(-right * f, 2) for f in range(frames)])


# ---- what comes out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(("length", "frames"), [(0, 10), (4, 4), (25, 25)])
def test_a_clip_a_mask_and_a_picture_of_the_motion_for_each_frame(picture, shot, length, frames, fill):
    clip, visible, flow = move(picture, shot, length=length, fill=fill)
    assert clip.shape == (frames, *SIZE, 3) and visible.shape == (frames, *SIZE)
    assert flow.shape[0] == frames and flow.shape[-1] == 3
    for values in (clip, visible, flow):
        assert values.isfinite().all() and values.min() >= -1e-6 and values.max() <= 1 + 1e-6
    assert torch.equal(clip[0], picture[0]) and bool((visible[0] == 1).all())


def test_the_picture_moves_as_the_video_does(picture):
    clip, visible, _ = move(picture, camera_of(picture, 8, right=2))
    truth = camera_of(picture, 8, right=2)
    seen = visible[7] > 0.9
    assert seen.float().mean() > 0.7
    assert (clip[7] - truth[7])[seen].square().mean() < 0.1 * (clip[0] - truth[7])[seen].square().mean()


def test_another_pictures_motion_moves_this_one(picture):
    other = ((shipped("coffee.png")[..., 60:188, 120:296] + 1) / 2).movedim(1, -1)
    clip, visible, _ = move(picture, camera_of(other, 8, right=2))
    truth, seen = camera_of(picture, 8, right=2), visible[7] > 0.9
    assert (clip[7] - truth[7])[seen].square().mean() < 0.15 * (clip[0] - truth[7])[seen].square().mean()


def test_a_video_of_another_size_and_shape_is_fitted(picture):
    """Half the size, and wider than the picture: two pixels a frame of the picture are one of the video."""
    truth = camera_of(picture, 8, right=2)
    wide = torch.cat([truth, truth.flip(2)], 2).roll(SIZE[1] // 2, 2)
    small = torch.nn.functional.interpolate(wide.movedim(-1, 1), scale_factor=0.5, mode="area").movedim(1, -1)
    clip, visible, _ = move(picture, small)
    seen = visible[7] > 0.9
    assert (clip[7] - truth[7])[seen].square().mean() < 0.2 * (clip[0] - truth[7])[seen].square().mean()


def test_a_camera_pans_by_the_share_that_is_asked(picture):
    clip, visible, _ = film(picture, pan=16 / SIZE[1])
    assert torch.allclose(clip[8, :, :-16], picture[0, :, 16:], atol=1e-4)
    assert bool((visible[8, :, -16:].mean() < 0.1).item()) and bool((visible[8, :, :-17] == 1).all())


def test_progress_from_another_node_wins_over_easing(picture):
    assert torch.equal(film(picture, progress=[0.0, 1.0])[0], film(picture, easing="linear")[0])
    held = run_node("NRCameraMove", image=[picture], length=[3], pan=[0.1], tilt=[0.0], zoom=[1.0], roll=[0.0],
                    easing=["ease in"], progress=[0.0, 0.0, 1.0])[0]  # fmt: skip
    assert torch.equal(held[1], picture[0]) and not torch.equal(held[2], picture[0])


def test_a_clip_of_one_frame_is_the_picture(picture, shot):
    assert torch.equal(film(picture, length=1)[0], picture)
    assert torch.equal(move(picture, shot, length=1)[0], picture)


@pytest.mark.parametrize("node", ["NRMovePicture", "NRCameraMove"])
def test_the_node_shows_a_moving_preview(picture, shot, node):
    cls = __import__("nodes").NODE_CLASS_MAPPINGS[node]
    if node == "NRMovePicture":
        output = cls.execute(image=picture, video=shot, amount=1.0, length=0, fill=FILLS[0])
    else:
        values = {"image": picture, "length": 9, "pan": 0.1, "tilt": 0.0, "zoom": 1.0, "roll": 0.0, "easing": "linear"}
        output = cls.execute(**{name: [value] for name, value in values.items()})
    shown = output.ui.as_dict()
    (entry,) = shown["images"]
    assert shown["animated"] == (True,) and str(entry["type"]) in ("temp", "FolderType.temp")
    with Image.open(Path(folder_paths.get_temp_directory()) / entry["subfolder"] / entry["filename"]) as animation:
        assert animation.n_frames == len(output.args[0])


# ---- to the sampler --------------------------------------------------------------------------------------------------


def test_the_clip_and_its_mask_go_to_the_sampler(picture):
    """frames to Still Video Latent, visible to mask: what is uncovered is the model's alone."""
    model = sd15()
    vae = comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)})
    small = picture[:, ::8, ::8, :]
    clip, visible, _ = film(small, length=4, pan=0.5)
    still, _ = run_node("NRStillVideoLatent", image=clip, vae=vae, length=4, width=0, height=0, resize="center crop")
    still = {"samples": torch.cat([still["samples"], still["samples"][:, :1]], 1)}
    schedule = Schedule(omega=(0.0,), tau_end=1.0, anchor="image")
    held = ksampler("NRKSampler", model, still, schedule=schedule, mask=visible)["samples"]
    free = ksampler("KSampler", model, still)["samples"]
    shown, new = visible[:, None] == 1, visible[:, None] == 0
    assert (held - still["samples"]).masked_select(shown).abs().max() < 1e-3
    assert (held - still["samples"]).masked_select(new).abs().mean() > 0.05
    assert (held - free).masked_select(shown).abs().mean() > 0.05


# ---- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "video",
    [torch.zeros(5, 20, 30, 3), torch.ones(1, 20, 30, 3), torch.rand(5, 20, 30, 3), torch.rand(3, 1, 1, 3)],
    ids=["black", "one frame", "noise", "one pixel"],
)
def test_where_no_motion_can_be_found_the_picture_stands_still_and_it_is_said(picture, video, caplog):
    with caplog.at_level(logging.WARNING):
        clip, _, _ = move(picture, video)
    assert torch.equal(clip, picture.expand_as(clip))
    assert "the picture stands still" in caplog.text


def test_a_cut_is_said(picture, shot, caplog):
    other = torch.rand(4, 1, 1, 3) * torch.linspace(0, 1, 136).reshape(1, -1, 1, 1).expand(4, -1, 320, -1)
    with caplog.at_level(logging.WARNING):
        clip, _, _ = move(picture, torch.cat([shot, other]))
    assert "frame 11 begins another shot" in caplog.text
    assert torch.equal(clip[10], clip[9])


def test_several_pictures_are_refused(picture, shot):
    with pytest.raises(ValueError, match="^image: got 2 pictures"):
        move(picture.repeat(2, 1, 1, 1), shot)


def test_a_picture_with_alpha_is_moved_without_it(picture, shot):
    with_alpha = torch.cat([picture, torch.rand(1, *SIZE, 1)], -1)
    assert torch.equal(move(with_alpha, shot)[0], move(picture, shot)[0])


@pytest.mark.parametrize("node", ["move", "film"])
def test_it_can_be_stopped(picture, shot, node):
    comfy.model_management.interrupt_current_processing(True)
    with pytest.raises(comfy.model_management.InterruptProcessingException):
        move(picture, shot) if node == "move" else film(picture)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (50, 1), (17, 31)])
def test_pictures_of_any_size(shot, height, width):
    small = torch.rand(1, height, width, 3)
    for clip, visible, _ in (move(small, shot), film(small, zoom=0.5, roll=20.0)):
        assert clip.shape[1:3] == visible.shape[1:] == (height, width) and clip.isfinite().all()
