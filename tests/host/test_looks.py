"""Looks: the picture carried in pixels, through the model's own VAE, on the demo model behind a causal one."""

import logging
from dataclasses import replace

import comfy.model_management
import comfy.samplers
import pytest
import torch
from comfy.patcher_extension import WrappersMP, add_wrapper_with_key
from noise_rectification.nodes.core.carry import Motion
from noise_rectification.nodes.core.metrics import psnr
from noise_rectification.nodes.core.moved_picture import follow
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.host import looks
from private_host.pack import run_node

BLOCKS = "blocks of 4x4 pixels and 5 frames"
STEPS, SEED = 6, 11
CARRIED = Schedule(omega=(0.0,), tau_end=1.0, anchor="image", motion_compensation=1.0)
SAMPLERS = ["euler", "dpmpp_2m", "heun", "euler_ancestral", "lcm", "uni_pc", "res_multistep", "dpmpp_2m_sde"]


class Scene:
    """The demo model with a picture and a prompt."""

    def __init__(self, sampling="flow", latent=BLOCKS, picture="coffee", motion="pan right"):
        self.model, self.vae = run_node("NRLoadDemoModel", sampling=sampling, latent=latent)
        if sampling == "flow":
            self.model = run_node("ModelSamplingSD3", model=self.model, shift=5.0)[0]
        self.positive, self.negative = run_node("NRDemoPrompt", motion=motion)
        self.picture = run_node("NRDemoPicture", picture=picture)[0]
        self.still = self.still_clip(self.picture)

    def still_clip(self, picture, end_image=None):
        return run_node("NRStillVideoLatent", image=picture, vae=self.vae, length=16, width=0, height=0,
                        resize="center crop", end_image=end_image)[0]  # fmt: skip

    def inputs(self, **more):
        return {
            "model": self.model, "steps": STEPS, "cfg": 1.0, "sampler_name": "euler", "scheduler": "simple",
            "positive": self.positive, "negative": self.negative, "latent_image": self.still, "schedule": CARRIED,
        } | more  # fmt: skip

    def sampled(self, **more):
        return run_node("NRKSampler", **self.inputs(seed=SEED, denoise=1.0, **more))[0]["samples"]

    def stage(self, start, end, latent=None, **more):
        """latent, denoised of a range of steps; a latent is gone on with."""
        return run_node("NRKSamplerAdvanced", **self.inputs(
            noise_seed=SEED, add_noise="enable" if latent is None else "disable", start_at_step=start, end_at_step=end,
            return_with_leftover_noise="enable" if end < STEPS else "disable",
            **({} if latent is None else {"latent_image": latent}) | more,
        ))  # fmt: skip

    def by_hand(self, model, sigmas, noise, latent):
        """The host's own sampler: latent, denoised."""
        guider = run_node("CFGGuider", model=model, positive=self.positive, negative=self.negative, cfg=1.0)[0]
        return run_node("SamplerCustomAdvanced", noise=noise, guider=guider, sigmas=sigmas, latent_image=latent,
                        sampler=comfy.samplers.sampler_object("euler"))  # fmt: skip

    def pictures(self, samples):
        clip = self.vae.decode(samples)
        return (clip[0] if clip.ndim == 5 else clip).clamp(0, 1)


@pytest.fixture(scope="module")
def scene():
    return Scene()


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO)
    return caplog


class Broken:
    """A VAE that fails when it is asked to decode."""

    def __init__(self, vae, error):
        self.vae, self.error = vae, error

    def __getattr__(self, name):
        return getattr(self.vae, name)

    def decode(self, samples):
        raise self.error


def speeds_of(clip):
    """How far the things of a clip move from frame to frame, in pixels."""
    return follow(clip.movedim(-1, 1)).flow.norm(dim=1).mean((1, 2)).diff()


@pytest.mark.parametrize("sampling", ["flow", "noise levels"])
def test_with_a_vae_the_video_moves_evenly_and_is_the_picture(sampling):
    """Carried in the latent, four of five pictures go slowly and the fifth jumps."""
    scene = Scene(sampling)
    in_pixels, in_latent = scene.pictures(scene.sampled(vae=scene.vae)), scene.pictures(scene.sampled())
    speeds, jumps = speeds_of(in_pixels), speeds_of(in_latent)
    assert speeds.min() > 0.3 * speeds.max() > 0.1 and jumps.min() < 0.4 * jumps.max()
    # The last frames show what the first one showed a few pixels beside: as sharp as it.
    assert in_pixels[8:].diff(dim=1).abs().mean() > 0.8 * scene.picture.diff(dim=1).abs().mean()


@pytest.mark.parametrize("changes", [{"motion_compensation": 0.0}, {"strength": 0.0}, {"tau_end": 0.0}])
def test_where_nothing_is_carried_a_vae_is_not_touched(scene, changes):
    schedule = replace(CARRIED, **changes)
    untouched = Broken(scene.vae, AssertionError("decoded"))
    assert torch.equal(scene.sampled(schedule=schedule, vae=untouched), scene.sampled(schedule=schedule))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_each_sampler_is_looked_into(scene, sampler, said):
    video = scene.pictures(scene.sampled(vae=scene.vae, sampler_name=sampler))
    assert torch.isfinite(video).all() and "vae:" not in said.text
    assert psnr(video[0].numpy(), scene.picture[0].numpy()) > 25
    assert speeds_of(video).min() > 0.1


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_stages_with_a_vae_are_one_run(scene, cut):
    """Wherever two stages meet, before the look, at it or behind it; and the first one's prediction comes with it."""
    whole = scene.sampled(vae=scene.vae)
    first, denoised = scene.stage(0, cut, vae=scene.vae)
    second, _ = scene.stage(cut, STEPS, first, vae=scene.vae)
    torch.testing.assert_close(second["samples"], whole, atol=1e-3, rtol=1e-3)
    assert denoised["samples"].shape == whole.shape and torch.isfinite(denoised["samples"]).all()


def test_denoised_is_what_the_model_says_before_the_rule(scene):
    heard = []

    def listen(executor, *args, **kwargs):
        heard.append(executor(*args, **kwargs))
        return heard[-1]

    model = scene.model.clone()
    add_wrapper_with_key(WrappersMP.PREDICT_NOISE, "listen", listen, model.model_options, is_model_options=True)
    _, denoised = scene.stage(0, 3, model=model)
    torch.testing.assert_close(denoised["samples"], model.model.process_latent_out(heard[-1]), atol=1e-5, rtol=1e-5)
    assert len(heard) == 3


def test_a_run_that_is_cut_and_gone_on_with_is_the_same_run(scene, monkeypatch):
    """What a look does to a run beside the picture is nothing: the noise mask's frames included."""

    def unmoved(handover, rectification, vae):
        return looks.Look(handover.cut.image, still_motion(handover))

    monkeypatch.setattr(looks, "_look_at", unmoved)
    masked = {**scene.still, "noise_mask": torch.ones(1, 1, 4, 16, 16)}
    masked["noise_mask"][:, :, 0] = 0
    for latent in (scene.still, masked):
        cut = scene.sampled(vae=scene.vae, latent_image=latent)
        plain = scene.sampled(latent_image=latent, schedule=Schedule(omega=(0.0,), tau_end=1.0, anchor="image"))
        assert cut.shape == plain.shape and psnr_of(scene, cut, plain) > 30


def still_motion(handover):
    videos, frames, _, height, width = handover.image.shape
    still = torch.zeros(videos, frames, 2, height, width), torch.ones(videos, frames, 1, height, width)
    return Motion([still[0]], [still[1]], 0.0)


def psnr_of(scene, one, other):
    return psnr(scene.pictures(one).flatten(0, 1).numpy(), scene.pictures(other).flatten(0, 1).numpy())


def test_each_video_of_a_batch_is_carried_by_itself():
    coffee, other = Scene(), Scene(picture="cameraman")
    both = {"samples": torch.cat([coffee.still["samples"], other.still["samples"]])}
    batch = coffee.sampled(latent_image=both, vae=coffee.vae)
    first = coffee.pictures(batch[:1])
    second = coffee.pictures(batch[1:])
    assert psnr(first[0].numpy(), coffee.picture[0].numpy()) > 25
    assert psnr(second[0].numpy(), other.picture[0].numpy()) > 25
    assert speeds_of(first).min() > 0.1 and speeds_of(second).min() > 0.1


def test_first_and_last_picture_are_both_carried():
    scene = Scene()
    end = run_node("NRDemoPicture", picture="coffee")[0].roll(8, 2)
    both = scene.still_clip(scene.picture, end)
    video = scene.pictures(scene.sampled(latent_image=both, vae=scene.vae, schedule=Schedule(
        omega=(0.0,), tau_end=1.0, anchor="image", motion_compensation=1.0, pivot_frames=(0, -1))))  # fmt: skip
    assert psnr(video[0].numpy(), scene.picture[0].numpy()) > 25
    assert psnr(video[-1].numpy(), end[0].numpy()) > 25


def test_where_latents_are_pixels_a_look_does_the_same():
    scene = Scene(latent="pixels")
    video = scene.pictures(scene.sampled(vae=scene.vae))
    assert speeds_of(video).min() > 0.1 and psnr(video[0].numpy(), scene.picture[0].numpy()) > 25


def test_a_black_mask_frees_the_video(scene):
    mask = torch.zeros(1, 64, 64)
    free = scene.sampled(vae=scene.vae, mask=mask)
    plain = run_node("KSampler", **{k: v for k, v in scene.inputs(seed=SEED, denoise=1.0).items() if k != "schedule"})
    assert psnr_of(scene, free, plain[0]["samples"]) > 30


def test_a_vae_of_another_model_is_refused_before_anything_is_sampled(scene):
    with pytest.raises(ValueError, match=r"vae: its latents have 3 channels, the model's have 240"):
        scene.sampled(vae=Scene(latent="pixels").vae)


def test_what_cannot_be_decoded_is_carried_in_the_latent_and_said_once(scene, said):
    broken = Broken(scene.vae, RuntimeError("no memory for this"))
    assert torch.equal(scene.sampled(vae=broken), scene.sampled())
    assert said.text.count("no memory for this") == 1
    assert said.text.count("Link `vae`") == 1  # by the run that had none


def test_the_artists_stop_goes_through(scene):
    stop = comfy.model_management.InterruptProcessingException()
    with pytest.raises(comfy.model_management.InterruptProcessingException):
        scene.sampled(vae=Broken(scene.vae, stop))


def test_a_run_of_one_step_is_told_to_be_too_short(scene, said):
    assert torch.equal(scene.sampled(steps=1, vae=scene.vae), scene.sampled(steps=1))
    assert "vae: 1 step is too short a run to look at the picture in it." in said.text


def test_the_progress_bar_goes_once_over_the_whole_run(scene, monkeypatch):
    told = []

    def hear(bar, value, total=None, *rest):
        told.append((value, total))

    monkeypatch.setattr(comfy.utils.ProgressBar, "update_absolute", hear)
    scene.sampled(vae=scene.vae)
    assert told == [(step, STEPS) for step in range(1, STEPS + 1)]


def test_carry_picture_between_two_stages_of_the_hosts_own_sampler(scene):
    """Its reference knows where it is visible, so that nothing but it is linked."""
    sigmas = comfy.samplers.calculate_sigmas(scene.model.get_model_object("model_sampling"), "simple", STEPS)
    noise, nothing = run_node("RandomNoise", noise_seed=SEED)[0], run_node("DisableNoise")[0]
    first, denoised = scene.by_hand(scene.model, sigmas[:2], noise, scene.still)
    reference, visible, frames = run_node("NRCarryPicture", image=scene.picture, denoised=denoised, vae=scene.vae,
                                          amount=1.0, fill="stretch the border")  # fmt: skip
    assert frames.shape == (16, 64, 64, 3) and visible.shape == (16, 64, 64)
    assert torch.equal(frames[0], scene.picture[0]) and (visible[0] == 1).all() and visible.min() < 0.2
    model = run_node("NRApply", model=scene.model, schedule=CARRIED, reference=reference)[0]
    last, _ = scene.by_hand(model, sigmas[1:], nothing, first)
    video = scene.pictures(last["samples"])
    sure = visible > 0.99
    assert (video - frames).abs()[sure].mean() < 0.02


def test_carry_picture_takes_one_picture_for_each_video(scene):
    latent = {"samples": torch.cat([scene.still["samples"]] * 2)}
    pictures = torch.cat([scene.picture, 1 - scene.picture])
    reference, visible, frames = run_node("NRCarryPicture", image=pictures, denoised=latent, vae=scene.vae, amount=1.0,
                                          fill="blur")  # fmt: skip
    assert reference["samples"].shape == latent["samples"].shape and len(visible) == len(frames) == 32
    torch.testing.assert_close(frames[16:], 1 - frames[:16], atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="image: got 3 pictures for 2 videos"):
        run_node(
            "NRCarryPicture", image=torch.rand(3, 64, 64, 3), denoised=latent, vae=scene.vae, amount=1.0, fill="blur"
        )
