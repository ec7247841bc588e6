"""Looks on every model of the zoo and under every sampler, through the host's own VAEs."""

import gc
import logging
from dataclasses import replace

import comfy.samplers
import comfy.sd
import pytest
import torch
import zoo_runs
from noise_rectification.nodes.core.carry import Motion
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.host import looks, sampling
from noise_rectification.nodes.host.attachments import CARRIED as CARRIED_ALONG
from noise_rectification.nodes.host.attachments import attach
from private_host.pack import run_node
from stand_ins import vae_zoo
from stand_ins.model_zoo import ZOO, cases, video
from zoo_runs import built, sample

RULE = Schedule(omega=(0.6,), tau_end=1.0, strength=0.7, anchor="image")
CARRIED = Schedule(omega=(0.0,), tau_end=1.0, anchor="image", motion_compensation=1.0)
# None of their steps looks back at earlier ones, or asks the model at the level at which the run is cut.
ONE_STEP = ["euler", "dpm_2", "ddim"]
HOLDING = [name for name, stand_in in ZOO.items() if stand_in.held]
CLEAN = [name for name, stand_in in ZOO.items() if stand_in.clean]


@pytest.fixture(scope="module", params=cases(ZOO))
def case(request):
    return built(request.param)


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO)
    return caplog


@pytest.fixture
def cut(monkeypatch):
    """Runs are cut and gone on with, and nothing is looked at: the image stays where it is. The cuts that were made."""
    made = []

    def unmoved(handover, rectification, vae):
        made.append(handover.cut)
        videos, frames, _, height, width = handover.image.shape
        still = torch.zeros(videos, frames, 2, height, width), torch.ones(videos, frames, 1, height, width)
        return looks.Look(handover.cut.image, Motion([still[0]], [still[1]], 0.0))

    monkeypatch.setattr(looks, "_look_at", unmoved)
    monkeypatch.setattr(looks, "_before", lambda schedule: replace(schedule, motion_compensation=0.0))
    monkeypatch.setattr(sampling, "check_vae", lambda vae, *channels: None)
    return made


def any_vae():
    """For runs in which nothing is decoded."""
    return comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)})


def parts(samples):
    return samples.unbind() if samples.is_nested else [samples]


def same_run(case, cut, sampler="euler", **more):
    """Whether a run is the same to six digits if it is cut and gone on with: its sound, and what masks hold."""
    plain = sample(case, RULE, sampler, **more)
    gone_on = sample(case, replace(RULE, motion_compensation=1.0), sampler, vae=any_vae(), **more)
    assert len(cut) == 1
    for one, other in zip(parts(gone_on), parts(plain), strict=True):
        torch.testing.assert_close(one, other, atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("sampler", ONE_STEP)
def test_a_run_that_is_cut_and_gone_on_with_is_the_same_run(case, cut, sampler):
    same_run(case, cut, sampler)


@pytest.mark.parametrize("case", cases(HOLDING), indirect=True)
def test_so_it_is_where_the_hosts_mask_holds_the_first_frame(case, cut):
    stand_in, _, clip = case
    same_run(case, cut, latent={"samples": stand_in.samples(clip), "noise_mask": stand_in.mask(clip)})


@pytest.mark.parametrize("case", cases([name for name in ZOO if ZOO[name].empty]), indirect=True)
def test_so_it_is_from_an_empty_latent(case, cut):
    stand_in, _, clip = case
    empty = {"samples": stand_in.samples(torch.zeros_like(clip))}
    same_run(case, cut, latent=empty, reference={"samples": clip})


# ---- what is seen of frames that the model is shown without noise


def cut_of(case, monkeypatch, **more):
    """The cut of a run at its look."""
    made = []
    monkeypatch.setattr(looks, "_look_at", lambda handover, *rest: made.append(handover.cut))
    monkeypatch.setattr(sampling, "check_vae", lambda vae, *channels: None)
    sample(case, CARRIED, vae=any_vae(), **more)
    return made[0]


@pytest.mark.parametrize("case", cases(HOLDING), indirect=True)
def test_a_frame_that_the_hosts_mask_holds_is_seen_as_it_is(case, monkeypatch):
    """What a model says of a frame that it is shown clean is no picture: motion was looked for from there."""
    stand_in, _, clip = case
    latent = {"samples": stand_in.samples(clip), "noise_mask": stand_in.mask(clip)}
    cut = cut_of(case, monkeypatch, latent=latent)
    torch.testing.assert_close(cut.denoised[:, :, 0], clip[:, :, 0], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(cut.denoised[:, :, 1], clip[:, :, 1], atol=0.1)


@pytest.mark.parametrize("case", cases(CLEAN), indirect=True)
def test_a_frame_that_the_model_replaces_by_the_picture_is_seen_as_it_is(case, monkeypatch):
    cut = cut_of(case, monkeypatch)
    torch.testing.assert_close(cut.denoised[:, :, 0], case[2][:, :, 0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("case", cases(HOLDING), indirect=True)
def test_denoised_is_the_hosts_denoised_output_where_its_mask_holds(case):
    stand_in, model, clip = case
    latent = {"samples": stand_in.samples(clip), "noise_mask": stand_in.mask(clip)}
    inputs = {
        "model": model, "add_noise": "enable", "noise_seed": 1, "steps": 4, "cfg": stand_in.cfg,
        "sampler_name": "euler", "scheduler": "normal", "latent_image": latent, "start_at_step": 0, "end_at_step": 2,
        "return_with_leftover_noise": "enable", **zoo_runs.prompts(case),
    }  # fmt: skip
    denoised = run_node("NRKSamplerAdvanced", **inputs, schedule=Schedule(strength=0.0))[1]["samples"]
    torch.testing.assert_close(video(denoised)[:, :, 0], clip[:, :, 0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("case", cases(["Wan 2.2 5B", "LTX-Video"]), indirect=True)
def test_held_frames_are_not_blamed_on_the_steps_before_a_look(case, cut, monkeypatch, said):
    """There the bias alone is lent, and a pivot that is shown clean has none to lend."""
    stand_in, _, clip = case
    monkeypatch.setattr(looks, "_before", lambda schedule: replace(schedule, omega=(1.0,), motion_compensation=0.0))
    sample(case, CARRIED, vae=any_vae(), latent={"samples": clip, "noise_mask": stand_in.mask(clip)})
    assert len(cut) == 1 and "Nothing was rectified" not in said.text


def carried_by_hand(clip, first):
    """As Carry Picture gives it of a latent, from one of its frames on."""
    videos, _, frames, height, width = clip[:, :, first:].shape
    still = torch.zeros(videos, frames, 2, height, width), torch.ones(videos, frames, 1, height, width)
    return attach({"samples": clip[:, :, first:]}, CARRIED_ALONG, Motion([still[0]], [still[1]], 0.0))


@pytest.mark.parametrize("case", cases(["Wan VACE", "Wan Animate"]), indirect=True)
def test_a_reference_frame_of_the_models_is_no_first_frame_to_carry(case):
    clip = case[2]
    assert torch.isfinite(sample(case, CARRIED, reference=carried_by_hand(clip, 1))).all()
    with pytest.raises(ValueError, match="reference: Carry Picture took .* Put Trim Video Latent .* trim_amount 1"):
        sample(case, CARRIED, reference=carried_by_hand(clip, 0))


# ---- through the models' own VAEs


VAE_OF = {
    "SVD": "Stable Diffusion", "SDXL, frames on batch": "Stable Diffusion", "Wan 2.1 image-to-video": "Wan 2.1",
    "Wan VACE": "Wan 2.1", "LTX-Video": "LTX-Video", "Cosmos image-to-video": "Cosmos", "Mochi": "Mochi",
    "LTX-2": "LTX-Video", "MiniMax H3": "MiniMax H3", "CogVideoX image-to-video": "CogVideoX",
}  # fmt: skip


@pytest.fixture(scope="module")
def vae(case):
    (name,) = [name for name, stand_in in ZOO.items() if stand_in is case[0]]
    yield vae_zoo.build(VAE_OF[name])
    gc.collect()


@pytest.mark.parametrize("case", cases(VAE_OF), indirect=True)
def test_each_model_is_looked_at_through_its_own_vae(case, vae, said):
    stand_in, _, clip = case
    out = sample(case, CARRIED, vae=vae)
    assert torch.isfinite(video(out)).all() and video(out).shape == clip.shape
    assert "vae:" not in said.text and "Nothing" not in said.text
    if stand_in.audio:
        sound = out.unbind()[1]
        assert sound.shape == stand_in.audio and torch.isfinite(sound).all()


def test_a_look_passes_the_guides_of_ltx_videos_own_node_by(monkeypatch, said):
    """They are appended to the latent: the look sees the video's frames alone, and they stay the host's."""
    stand_in, vae = ZOO["LTX-Video"], vae_zoo.build("LTX-Video")
    model, picture = stand_in.build(), torch.rand(2, 64, 64, 3, generator=torch.Generator().manual_seed(0))
    still = run_node("NRStillVideoLatent", image=picture[:1], vae=vae, length=33, width=0, height=0,
                     resize="center crop")[0]  # fmt: skip
    frames = still["samples"].shape[2]
    positive, negative, latent = run_node(
        "LTXVAddGuide", positive=stand_in.conditioning(still["samples"], 0), vae=vae, latent=still, image=picture[1:],
        negative=stand_in.conditioning(still["samples"], 1), frame_idx=-1, strength=1.0,
    )  # fmt: skip
    common = {"seed": 1, "steps": 6, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
              "model": model, "positive": positive, "negative": negative, "latent_image": latent}  # fmt: skip
    seen, look_at = [], looks._look_at

    def watched(handover, *rest):
        seen.append(handover.cut.denoised.shape[2])
        return look_at(handover, *rest)

    monkeypatch.setattr(looks, "_look_at", watched)
    host = run_node("KSampler", **common)[0]["samples"]
    ours = run_node("NRKSampler", schedule=CARRIED, vae=vae, **common)[0]["samples"]
    assert seen == [frames] and ours.shape == host.shape and host.shape[2] > frames
    assert torch.isfinite(ours).all() and "vae:" not in said.text and "Nothing" not in said.text
    torch.testing.assert_close(ours[:, :, frames:], host[:, :, frames:], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(ours[:, :, :frames], host[:, :, :frames], atol=1e-2)
