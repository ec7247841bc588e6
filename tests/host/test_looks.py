"""Looks: the picture carried in pixels, through the model's own VAE, on the demo model behind a causal one."""

import logging
from dataclasses import replace

import comfy.model_management
import comfy.samplers
import pytest
import torch
from comfy.nested_tensor import NestedTensor
from comfy.patcher_extension import WrappersMP, add_wrapper_with_key
from noise_rectification.nodes.core.carry import Motion
from noise_rectification.nodes.core.metrics import psnr
from noise_rectification.nodes.core.moved_picture import FILLS, follow
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.host import looks
from noise_rectification.nodes.host.attachments import HANDOVER, attached
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


@pytest.mark.parametrize("tau", [{}, {"tau_unit": "sampling percent"}])
def test_where_tau_ends_before_the_look_the_picture_is_carried_in_the_latent(tau, said):
    """Nothing was held to the moved picture there, and the log told to widen a tau that had held steps before it."""
    scene = Scene("noise levels")  # looks after its first step
    schedule = replace(CARRIED, tau_end=0.1, **tau)
    assert torch.equal(scene.sampled(vae=scene.vae, schedule=schedule), scene.sampled(schedule=schedule))
    assert "vae: tau ends before the look" in said.text


def test_a_run_of_which_no_cut_is_known_is_said_to_be_carried_in_the_latent(scene, said):
    assert looks._look_at(None, None, scene.vae) is None
    assert "vae: this sampler does not let the picture be looked at" in said.text


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


# ---- what goes into a look, and what comes with it


def carry(scene, denoised, **more):
    inputs = {"image": scene.picture, "denoised": denoised, "vae": scene.vae, "amount": 1.0, "fill": "blur"}
    return run_node("NRCarryPicture", **inputs | more)


@pytest.fixture(scope="module")
def seen(scene):
    """denoised of a first stage, and its latent."""
    with torch.inference_mode():
        latent, denoised = scene.stage(0, 2)
    return latent, denoised


@pytest.mark.parametrize("amount", [0.0, 2.0])
@pytest.mark.parametrize("fill", FILLS)
def test_carry_picture_goes_any_way_and_fills_in_any_way(scene, seen, amount, fill):
    reference, visible, frames = carry(scene, seen[1], amount=amount, fill=fill)
    assert torch.isfinite(reference["samples"]).all() and visible.min() >= 0 and visible.max() <= 1
    if amount == 0:
        assert (visible == 1).all()
        torch.testing.assert_close(frames, scene.picture.expand_as(frames))


@pytest.mark.parametrize("shape", [(1, 64, 64, 4), (1, 64, 64, 1), (1, 90, 40, 3), (1, 16, 16, 3), (1, 129, 257, 4)])
def test_carry_picture_takes_pictures_of_any_shape(scene, seen, shape):
    reference, _, frames = carry(scene, seen[1], image=torch.rand(shape))
    assert frames.shape == (16, 64, 64, 3) and reference["samples"].shape == seen[1]["samples"].shape


def test_carry_picture_takes_a_single_frame_and_sound_beside_the_video(scene, seen):
    single = {"samples": seen[1]["samples"][:, :, :1]}
    reference, visible, frames = carry(scene, single)
    assert frames.shape == (1, 64, 64, 3) and torch.equal(frames, scene.picture) and (visible == 1).all()
    held = scene.sampled(schedule=CARRIED, reference=reference)  # a single frame fits any length
    assert torch.isfinite(held).all()
    nested = {"samples": NestedTensor((seen[1]["samples"], torch.zeros(1, 8, 4, 4)))}
    assert torch.equal(carry(scene, nested)[0]["samples"], carry(scene, seen[1])[0]["samples"])


def test_carry_picture_says_what_is_wrong(scene, seen):
    broken = {"samples": seen[1]["samples"].clone()}
    broken["samples"][0, 0, 0, 0, 0] = float("nan")
    with pytest.raises(ValueError, match="denoised: it holds NaN"):
        carry(scene, broken)
    with pytest.raises(ValueError, match=r"vae: its latents have 3 channels, the model's have 240"):
        carry(scene, seen[1], vae=Scene(latent="pixels").vae)

    class Dark(Broken):
        def decode(self, samples):
            return torch.full((1, 16, 64, 64, 3), float("nan"))

    with pytest.raises(ValueError, match="vae: the pictures that it makes hold NaN"):
        carry(scene, seen[1], vae=Dark(scene.vae, None))

    class Cropping(Broken):
        def decode(self, samples):
            return self.vae.decode(samples)[..., :60, :60, :]

    with pytest.raises(ValueError, match="vae: the clip that it decodes is 1 video .* 15 wide when .* 16 wide. Link"):
        carry(scene, seen[1], vae=Cropping(scene.vae, None))


@pytest.mark.parametrize("pivots", [{"pivot_frame": -1}, {"pivot_frames": (0, 2, -1)}])
def test_a_carried_reference_has_the_first_frame_for_a_pivot(scene, seen, pivots, said):
    """It knows one motion: more pivots than that were an error of ours."""
    reference, *_ = carry(scene, seen[1])
    first = scene.sampled(reference=reference)
    assert torch.equal(scene.sampled(reference=reference, schedule=replace(CARRIED, **pivots)), first)
    assert "pivot_frame: it is 0 here" in said.text


@pytest.mark.parametrize("omega", [0.0, 0.7])
def test_a_carried_reference_of_one_video_is_for_each_of_a_batch(scene, seen, omega):
    reference, *_ = carry(scene, seen[1])
    both = {"samples": torch.cat([scene.still["samples"]] * 2)}
    schedule = replace(CARRIED, omega=(omega,))
    batch = scene.sampled(reference=reference, latent_image=both, schedule=schedule)
    alone = scene.sampled(reference=reference, schedule=schedule)
    torch.testing.assert_close(batch[:1], alone, atol=1e-3, rtol=1e-3)


def test_a_carried_reference_is_not_moved_once_more(scene, seen):
    reference, *_ = carry(scene, seen[1])
    still = scene.sampled(reference=reference, schedule=replace(CARRIED, motion_compensation=0.0))
    assert torch.equal(scene.sampled(reference=reference), still)
    assert torch.equal(scene.sampled(reference=reference, vae=scene.vae), still)


def test_a_carried_reference_that_another_node_has_changed_is_an_image_like_any_other(scene, seen, said):
    reference, *_ = carry(scene, seen[1])
    changed = {**reference, "samples": 0.9 * reference["samples"]}
    bare = {"samples": changed["samples"]}
    assert torch.equal(scene.sampled(reference=changed), scene.sampled(reference=bare))
    assert "The motion that came with the latent was made for other samples" in said.text


def test_visible_counts_once_where_it_is_linked_to_mask_too(scene, seen):
    """Twice, it held soft edges by its square."""
    reference, visible, _ = carry(scene, seen[1])
    alone = scene.sampled(reference=reference)
    assert psnr_of(scene, scene.sampled(reference=reference, mask=visible), alone) > 40


def test_a_look_keeps_the_colours_of_a_colour_reference(scene):
    """They were held by halves of what the image was off by, and by a half of the rest after the look."""
    tinted = scene.still_clip(scene.picture * torch.tensor([1.0, 0.6, 0.4]))
    schedule = replace(CARRIED, hold_colours=0.5)
    means = [
        scene.pictures(scene.sampled(schedule=schedule, colour_reference=tinted, **more))[0].mean((0, 1))
        for more in ({"vae": scene.vae}, {})
    ]
    torch.testing.assert_close(*means, atol=5e-3, rtol=0)


# ---- what a run may be


@pytest.mark.parametrize("pivots", [{"pivot_frame": -1}, {"pivot_frames": (0, -1)}, {"pivot_frames": (0, 2, -1)}])
def test_any_pivots_are_looked_from(scene, pivots, said):
    video = scene.pictures(scene.sampled(vae=scene.vae, schedule=replace(CARRIED, **pivots)))
    assert "vae:" not in said.text and torch.isfinite(video).all()
    place = -1 if "pivot_frame" in pivots else 0
    assert psnr(video[place].numpy(), scene.picture[0].numpy()) > 25


def test_a_stage_without_steps_is_the_hosts(scene, said):
    latent, _ = scene.stage(STEPS + 2, STEPS, vae=scene.vae)
    plain, _ = scene.stage(STEPS + 2, STEPS)
    assert torch.equal(latent["samples"], plain["samples"]) and "vae:" not in said.text


def test_a_picture_for_a_mask_of_each_frame_and_an_empty_latent(scene, said):
    """A reference, of the clip or of one frame, beside an empty latent; masks per frame of the video."""
    empty = {"samples": torch.zeros_like(scene.still["samples"])}
    single = {"samples": scene.still["samples"][:, :, :1]}
    for reference in (scene.still, single):
        video = scene.pictures(scene.sampled(
            latent_image=empty, reference=reference, mask=torch.ones(16, 64, 64), vae=scene.vae))  # fmt: skip
        assert psnr(video[0].numpy(), scene.picture[0].numpy()) > 25
    assert "vae:" not in said.text


@pytest.mark.parametrize("scheduler", comfy.samplers.KSampler.SCHEDULERS)
def test_any_scheduler_and_any_denoise(scene, scheduler, said):
    for denoise in (1.0, 0.5):
        inputs = scene.inputs(seed=SEED, denoise=denoise, vae=scene.vae, scheduler=scheduler)
        assert torch.isfinite(run_node("NRKSampler", **inputs)[0]["samples"]).all()
    assert "could not be looked at" not in said.text


def test_a_first_stage_of_the_hosts_is_gone_on_with_and_looked_at_a_step_later(scene, said):
    inputs = {name: value for name, value in scene.inputs().items() if name != "schedule"} | {"noise_seed": SEED}
    (first,) = run_node("KSamplerAdvanced", **inputs, add_noise="enable", start_at_step=0, end_at_step=2,
                        return_with_leftover_noise="enable")  # fmt: skip
    last, _ = scene.stage(2, STEPS, first, vae=scene.vae, reference=scene.still)
    video = scene.pictures(last["samples"])
    assert "vae:" not in said.text and psnr(video[0].numpy(), scene.picture[0].numpy()) > 25
    assert speeds_of(video).min() > 0.1


def test_the_noise_of_noise_image_latent_is_the_runs(scene):
    latent = run_node("NRNoiseLatent", model=scene.model, latent=scene.still, seed=SEED, noise_type="independent",
                      frame_correlation=0.5)[0]  # fmt: skip
    video = scene.sampled(latent_image=latent, vae=scene.vae)
    # Independent noise of the run's own seed is the run's own noise.
    torch.testing.assert_close(video, scene.sampled(vae=scene.vae), atol=1e-3, rtol=1e-3)


def test_windows_over_the_frames_are_looked_at_as_one_video(scene, said):
    model = run_node("ContextWindowsManual", model=scene.model, context_length=3, context_overlap=1,
                     context_schedule="standard_static", context_stride=1, closed_loop=False, fuse_method="pyramid",
                     dim=2)[0]  # fmt: skip
    assert torch.isfinite(scene.sampled(model=model, vae=scene.vae)).all() and "vae:" not in said.text


def test_a_cut_lies_on_the_cpu(scene, seen):
    cut = attached(seen[0], HANDOVER).cut
    assert {value.device.type for value in (cut.image, cut.denoised, cut.noise)} == {"cpu"}


def test_a_look_can_be_stopped_in_every_part_of_its_work_and_leaves_nothing_behind(scene, monkeypatch):
    before, count = scene.sampled(vae=scene.vae), []
    monkeypatch.setattr(looks, "check_stop", lambda: count.append(1))
    scene.sampled(vae=scene.vae)
    times = len(count)
    assert times >= 40

    def stop_at(last):
        count.append(1)
        if len(count) == last:
            raise comfy.model_management.InterruptProcessingException

    for at in range(1, times + 1, times // 4):
        count.clear()
        monkeypatch.setattr(looks, "check_stop", lambda at=at: stop_at(at))
        with pytest.raises(comfy.model_management.InterruptProcessingException):
            scene.sampled(vae=scene.vae)
    monkeypatch.undo()
    assert torch.equal(scene.sampled(vae=scene.vae), before)
