"""Pictures, masks, latents and noise on any device: another node may have left them on the GPU, and --gpu-only leaves
them all there. On a machine without one the device is pretended, and refuses what a real one would."""

import comfy.model_management
import comfy.sd
import pytest
import torch
from noise_rectification.nodes.core.moved_picture import FILLS
from noise_rectification.nodes.core.schedule import Schedule
from pretended_device import Elsewhere, PretendedDevice
from private_host.pack import run_node
from runs import ksampler
from stand_ins.models import sd15, still_latent, wan
from stand_ins.moving_pictures import real_clip, shipped

CARRIED = Schedule(omega=(0.3,), tau_end=1.0, motion_compensation=1.0, hold_colours=0.5)


@pytest.fixture(params=["cuda", "mps"])
def there(request):
    return PretendedDevice(request.param)


@pytest.fixture
def hosts_device(there, monkeypatch):
    """While the device is pretended the host computes there and, as with --gpu-only, keeps its results there."""
    for name in ("get_torch_device", "intermediate_device"):
        monkeypatch.setattr(
            comfy.model_management, name, lambda: there.device if there.entered else torch.device("cpu")
        )
    monkeypatch.setattr(comfy.model_management, "free_memory", lambda *args, **more: [])
    return there


def rand(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def picture():
    return ((shipped("astronaut.png")[..., 60:131, 120:217] + 1) / 2).movedim(1, -1)


def shot(frames=4):
    return ((real_clip("bikes", 150, 1, 2, frames=frames)[..., :100, :140] + 1) / 2).movedim(1, -1)


def tensors(outputs):
    """What a node gives out, as tensors here: latents by their samples."""
    found = [value.get("samples") if isinstance(value, dict) else value for value in outputs]
    return [value.cpu() for value in found if isinstance(value, torch.Tensor)]


def same_there(there, node, taken, **here):
    """The node gives the same whether `taken` lie there or here; returns what it gave."""
    expected = tensors(run_node(node, **taken, **here))
    with there:
        outputs = run_node(node, **there.take(taken), **here)
        found = tensors(outputs)
    assert there.calls and len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one.as_subclass(torch.Tensor), other, atol=0, rtol=0)
    return outputs


def plenty(device=None, torch_free_too=False):
    """The host asks how much memory the device has left."""
    return (2**40, 2**40) if torch_free_too else 2**40


def listed(values):
    return {name: [value] for name, value in values.items()}


def camera(**more):
    return listed({"length": 3, "pan": 0.2, "tilt": 0.0, "zoom": 0.6, "roll": 5.0, "easing": "linear"} | more)


@pytest.mark.parametrize("fill", FILLS)
def test_move_picture_where_the_host_computes_elsewhere(hosts_device, fill):
    """71 x 97 pixels: sizes of which none divides another."""
    frames, visible, flow = same_there(
        hosts_device, "NRMovePicture", {"image": picture(), "video": shot()}, amount=1.5, length=5, fill=fill
    )
    assert all(isinstance(kept, Elsewhere) for kept in (frames, visible, flow))


def test_camera_move_where_the_host_computes_elsewhere(hosts_device):
    outputs = same_there(hosts_device, "NRCameraMove", listed({"image": picture(), "progress": rand(3)}), **camera())
    assert all(isinstance(kept, Elsewhere) for kept in outputs)


def test_drag_picture_where_the_host_computes_elsewhere(hosts_device):
    outputs = same_there(
        hosts_device, "NRDragPicture", {"image": picture(), "part": rand(2, 71, 97)}, length=3,
        path="0, 0; 9.5, 3\n4, 4", easing="linear", width=64, height=48, resize="center crop",
    )  # fmt: skip
    assert all(isinstance(kept, Elsewhere) for kept in outputs)


class VaeThere:
    """A VAE whose pictures and latents stay on the pretended device, as with --gpu-only."""

    def __init__(self, vae, there):
        self.vae, self.there = vae, there

    def __getattr__(self, name):
        return getattr(self.vae, name)

    def decode(self, samples):
        return self._kept(self.vae.decode(samples.cpu().as_subclass(torch.Tensor)))

    def encode(self, pictures):
        return self._kept(self.vae.encode(pictures.cpu().as_subclass(torch.Tensor)))

    def _kept(self, result):
        return self.there.take(result) if self.there.entered else result


@pytest.mark.parametrize("fill", [FILLS[0], FILLS[-1]])
def test_carry_picture_where_the_host_computes_elsewhere(hosts_device, fill):
    (vae,) = run_node("NRLoadDemoModel", latent="blocks of 4x4 pixels and 5 frames")[1:]
    samples = vae.encode(shot(6)[:, :96, :136])
    reference, visible, frames = same_there(
        hosts_device, "NRCarryPicture", {"image": picture(), "denoised": {"samples": samples}},
        vae=VaeThere(vae, hosts_device), amount=1.0, fill=fill,
    )  # fmt: skip
    assert all(isinstance(kept, Elsewhere) for kept in (reference["samples"], visible, frames))


@pytest.mark.parametrize("missing", ["image", "video"])
def test_a_picture_here_and_a_video_there(there, missing):
    taken = {"image": picture(), "video": shot()}
    here = {missing: taken.pop(missing)}
    same_there(there, "NRMovePicture", taken, **here, amount=1.0, length=0, fill=FILLS[-1])


@pytest.mark.parametrize("resize", ["center crop", "stretch", "pad"])
@pytest.mark.parametrize("end_there", [True, False])
def test_still_video_latent_takes_pictures_from_there(there, resize, end_there):
    vae = comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)})
    taken, end = {"image": picture()}, {"end_image": rand(1, 40, 33, 3)}
    taken, here = (taken | end, {}) if end_there else (taken, end)
    same_there(there, "NRStillVideoLatent", taken, **here, vae=vae, length=4, width=64, height=40, resize=resize)


@pytest.mark.parametrize("family", [sd15, wan])
@pytest.mark.parametrize("noise_type", ["independent", "shared", "blended"])
def test_noise_image_latent_takes_a_latent_from_there(there, family, noise_type):
    model = family()
    taken = {"latent": {"samples": still_latent(model, frames=3, size=4)}, "sigmas": torch.tensor([0.7, 0.0])}
    latent, noised, _ = same_there(
        there, "NRNoiseLatent", taken, model=model, seed=1, noise_type=noise_type, frame_correlation=0.5
    )
    assert isinstance(latent["samples"], Elsewhere) and isinstance(noised["samples"], Elsewhere)


def sampled_inputs(model):
    """A latent that carries its noise, a mask of a size that does not divide, a reference and one for colours."""
    clip = still_latent(model, frames=3, size=4)
    carrying = run_node("NRNoiseLatent", model=model, latent={"samples": clip}, seed=1, noise_type="blended",
                        frame_correlation=0.5)[0]  # fmt: skip
    return {"latent_image": carrying, "mask": rand(3, 7, 9), "reference": {"samples": clip.clone()},
            "colour_reference": {"samples": still_latent(model, frames=1, size=4).flip(-1)}}  # fmt: skip


@pytest.mark.parametrize("family", [sd15, wan])
@pytest.mark.parametrize("lies_there", [("latent_image",), ("mask",), ("reference", "colour_reference"), None])
def test_the_samplers_take_latents_and_masks_from_there(there, family, lies_there):
    model = family()
    inputs = sampled_inputs(model)
    latent = inputs.pop("latent_image")
    expected = ksampler("NRKSampler", model, latent, schedule=CARRIED, **inputs)["samples"]
    taken = {name: there.take(value) for name, value in (inputs | {"latent_image": latent}).items()
             if lies_there is None or name in lies_there}  # fmt: skip
    with there:
        found = ksampler("NRKSampler", model, **{"latent": latent, **inputs, **taken}, schedule=CARRIED)["samples"]
    torch.testing.assert_close(found.as_subclass(torch.Tensor), expected, atol=0, rtol=0)


@pytest.mark.parametrize("family", [sd15, wan])
def test_a_run_on_the_device_mixes_nothing_with_what_lies_here(hosts_device, family, monkeypatch):
    """The host's own sampling with all its tensors there; the network alone computes here."""
    there, model = hosts_device, family()
    inputs = sampled_inputs(model)
    latent = inputs.pop("latent_image")
    expected = ksampler("NRKSampler", model, latent, schedule=CARRIED, **inputs)["samples"]

    def network(apply_model, call):
        here = {name: value.cpu() if isinstance(value, torch.Tensor) else value for name, value in call["c"].items()}
        return there.take(apply_model(call["input"].cpu(), call["timestep"].cpu(), **here))

    elsewhere = model.clone()
    elsewhere.load_device = there.device
    elsewhere.set_model_unet_function_wrapper(network)
    monkeypatch.setattr(comfy.model_management, "load_models_gpu", lambda *args, **more: None)
    monkeypatch.setattr(comfy.model_management, "get_free_memory", plenty)
    with there:
        found = ksampler("NRKSampler", elsewhere, latent, schedule=CARRIED, **inputs)["samples"]
    assert isinstance(found, Elsewhere) and there.calls
    torch.testing.assert_close(found.as_subclass(torch.Tensor), expected, atol=1e-5, rtol=1e-5)


def test_a_schedule_takes_omega_from_there(there):
    with there:
        (schedule,) = run_node("NRSchedule", omega=[there.take(rand(5))])
    assert schedule == run_node("NRSchedule", omega=[rand(5)])[0]


def test_the_report_takes_videos_from_there(there):
    taken = {"frames": rand(3, 40, 33, 3), "baseline": rand(3, 40, 33, 3, seed=1), "image": picture()}
    same_there(there, "NRFidelityReport", taken)


def test_the_pretended_device_refuses_what_a_real_one_does():
    """Else the tests above could not fail."""
    here, apple = rand(2, 3), PretendedDevice("mps")
    with apple:
        away = apple.take(here)
        for operation in (lambda: here + away, lambda: torch.cat([away, here]), away.numpy,
                          lambda: torch.nn.functional.interpolate(away[None, None], (2, 2), mode="area")):  # fmt: skip
            with pytest.raises((RuntimeError, TypeError, NotImplementedError)):
                operation()
        assert torch.equal(away.cpu(), here) and (away + away).device.type == "mps" and away.cpu().device.type == "cpu"
