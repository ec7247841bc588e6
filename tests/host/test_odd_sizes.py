"""Frames of an odd size, which no video file takes: said where they are made."""

import comfy.sd
import pytest
import torch
from private_host.pack import run_node

CAMERA = {"length": 2, "pan": 0.1, "tilt": 0.0, "zoom": 1.0, "roll": 0.0, "easing": "linear"}


def film(picture):
    return run_node("NRCameraMove", image=[picture], **{name: [value] for name, value in CAMERA.items()})[0]


def move(picture):
    video = torch.rand(2, 32, 48, 3)
    return run_node("NRMovePicture", image=picture, video=video, amount=1.0, length=0, fill="mirror")[0]


def still(picture):
    vae = comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)})
    latent, _ = run_node("NRStillVideoLatent", image=picture, vae=vae, length=2, width=0, height=0, resize="stretch")
    return vae.decode(latent["samples"])


def save(frames, folder):
    (video,) = run_node("CreateVideo", images=frames, fps=8.0)
    video.save_to(str(folder / "video.mp4"))
    return folder / "video.mp4"


@pytest.mark.parametrize("make", [film, move, still])
@pytest.mark.parametrize(("height", "width"), [(64, 63), (65, 64), (65, 63)])
def test_an_odd_size_is_said_with_one_that_can_be_saved(make, height, width, caplog, tmp_path):
    with caplog.at_level("WARNING", "noise_rectification"):
        frames = make(torch.rand(1, height, width, 3))
    assert f"frames of {width} x {height} cannot be saved as a video" in caplog.text
    assert f"Crop the picture to {width // 2 * 2} x {height // 2 * 2}" in caplog.text
    with pytest.raises(Exception):  # noqa: B017  (whatever the host's library says)
        save(frames, tmp_path)
    assert save(make(torch.rand(1, height // 2 * 2, width // 2 * 2, 3)), tmp_path).stat().st_size > 0


@pytest.mark.parametrize("make", [film, move, still])
def test_an_even_size_is_not_spoken_of(make, caplog):
    with caplog.at_level("WARNING", "noise_rectification"):
        make(torch.rand(1, 64, 62, 3))
    assert "cannot be saved" not in caplog.text
