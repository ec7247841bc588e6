"""What the newer video models bring that the older ones did not have: sound beside the video, guides and references in
the latent, a picture that the model itself puts in, sampling block by block."""

import dataclasses
from types import SimpleNamespace

import comfy.model_patcher
import comfy.ops
import comfy.samplers
import pytest
import torch
from noise_rectification.nodes.core.schedule import Schedule
from private_host.pack import run_node
from stand_ins import vae_zoo
from stand_ins.model_zoo import ZOO, cases, video
from stand_ins.models import randomise
from zoo_runs import SEED, STEPS, built, latent_of, prompts, sample

HELD = Schedule(omega=(0.0,), tau_end=1.0)
LOOSEST = Schedule(omega=(1.0,), tau_end=1.0)
CARRIED = Schedule(motion_compensation=1.0, tau_end=1.0)

WITH_SOUND = [name for name, stand_in in ZOO.items() if stand_in.audio]
CLEAN = [name for name, stand_in in ZOO.items() if stand_in.clean]
WITH_REFERENCE = [name for name, stand_in in ZOO.items() if stand_in.prepended]
VIDEOS = [name for name, stand_in in ZOO.items() if stand_in.frames > 1 and stand_in.channels != 4]  # five axes
WINDOWED = [name for name in VIDEOS if name != "MiniMax H3"]  # for which the host has no windows


@pytest.fixture(scope="module")
def case(request):
    return built(request.param)


def drift(case, samples):
    """Largest distance from the still clip over the frames of the video, in the model's own units."""
    stand_in, model, clip = case
    off = model.model.process_latent_in(video(samples)) - model.model.process_latent_in(clip)
    return float(off[:, :, stand_in.prepended :].abs().max())


# ---- sound


def guided_and_returned(case, schedule):
    """Each prediction as the guidance leaves it, and as the sampler gets it: packed [B, 1, N]."""
    stand_in, model, _ = case
    model, guided, returned = model.clone(), [], []

    def keep(args):
        guided.append(args["denoised"].clone())
        return args["denoised"]

    def euler(model, x, sigmas, extra_args=None, callback=None, disable=None):
        for now, following in zip(sigmas[:-1], sigmas[1:], strict=True):
            denoised = model(x, now * x.new_ones([x.shape[0]]), **extra_args)
            returned.append(denoised.clone())
            x = x + (x - denoised) / now * (following - now)
        return x

    model.set_model_sampler_post_cfg_function(keep)
    rectified = run_node("NRApply", model=model, schedule=schedule)[0]
    guider = run_node("CFGGuider", model=rectified, cfg=stand_in.cfg, **prompts(case))[0]
    sigmas = comfy.samplers.calculate_sigmas(model.get_model_object("model_sampling"), "normal", STEPS)
    run_node("SamplerCustomAdvanced", noise=run_node("RandomNoise", noise_seed=SEED)[0], guider=guider,
             sampler=comfy.samplers.KSAMPLER(euler), sigmas=sigmas, latent_image=latent_of(case))  # fmt: skip
    return guided, returned


@pytest.mark.parametrize("case", cases(WITH_SOUND), indirect=True)
@pytest.mark.parametrize("schedule", [Schedule(tau_end=1.0), CARRIED], ids=["published", "carried"])
def test_the_sound_of_each_prediction_is_left_bit_for_bit(case, schedule):
    pictures = case[2].numel()
    guided, returned = guided_and_returned(case, schedule)
    assert len(guided) == len(returned) == STEPS
    for before, after in zip(guided, returned, strict=True):
        assert torch.equal(before[..., pictures:], after[..., pictures:])
        assert not torch.equal(before[..., :pictures], after[..., :pictures])


@pytest.mark.parametrize("case", cases(WITH_SOUND), indirect=True)
def test_a_mask_on_a_latent_with_sound_holds_its_first_frame(case):
    stand_in, _, clip = case
    latent = {**latent_of(case), "noise_mask": stand_in.mask(clip)}
    host, ours = video(sample(case, latent=latent)), sample(case, Schedule(tau_end=1.0), latent=latent)
    assert torch.equal(video(ours)[:, :, 0], host[:, :, 0])
    assert drift(case, sample(case, HELD, latent=latent)) <= 1e-2  # MiniMax H3 adds a thousandth of noise itself
    silent = ours.unbind()[1]
    assert silent.shape == stand_in.audio and torch.isfinite(silent).all()


@pytest.mark.parametrize("case", cases(WITH_SOUND), indirect=True)
def test_a_reference_may_bring_sound_or_not(case):
    stand_in, _, clip = case
    empty = {"samples": stand_in.samples(torch.zeros_like(clip))}
    for reference in (latent_of(case), {"samples": clip}):
        assert drift(case, sample(case, HELD, latent=empty, reference=reference)) <= 1e-3


# ---- a picture that the model puts in itself


@pytest.mark.parametrize("case", cases(CLEAN), indirect=True)
def test_a_frame_that_the_model_replaces_by_the_picture_lends_no_bias(case):
    """ω = 1 lends the pivot's bias alone. A frame that is shown clean has none to lend: nothing may change."""
    host, ours = (video(sample(case, schedule)) for schedule in (None, LOOSEST))
    torch.testing.assert_close(ours[:, :, 1:], host[:, :, 1:], atol=1e-4, rtol=1e-4)


# ---- references and guides in the latent


@pytest.mark.parametrize("case", cases(WITH_REFERENCE), indirect=True)
def test_a_reference_in_the_latent_is_no_frame_of_the_video(case):
    """The still clip, a mask and the pivot mean the video's frames, and the reference is left to the model."""
    stand_in, model, clip = case
    frames = clip[:, :, stand_in.prepended :]
    empty, mask = {"samples": torch.zeros_like(clip)}, torch.ones(frames.shape[2], 8, 8)
    for more in ({}, {"mask": mask}):
        ours = sample(case, HELD, latent=empty, reference={"samples": frames}, **more)
        assert drift(case, ours) <= 1e-3
    off = model.model.process_latent_in(ours) - model.model.process_latent_in(clip)
    assert off[:, :, : stand_in.prepended].abs().max() > 0.1


def picture(seed: int, size: int = 64):
    return torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(seed))


# What an audio encoder makes of two silent seconds at 16 kHz: its layers, as HuMo reads them.
SILENCE = {"encoded_audio_all_layers": [torch.zeros(1, 100, 1280)] * 33, "audio_samples": 32000}
# Each model's own node: its id, the VAE (a small one with the model's grid), which input takes the picture, what else.
OWN_NODES = {
    "Wan 2.1 image-to-video": ("WanImageToVideo", "Wan 2.1", "start_image", {}),
    "Wan VACE": ("WanVaceToVideo", "Wan 2.1", "reference_image", {"strength": 1.0}),
    "Wan Camera": ("WanCameraImageToVideo", "Wan 2.1", "start_image", {}),
    "Wan S2V": ("WanSoundImageToVideo", "Wan 2.1", "ref_image", {}),
    "Wan Animate": (
        "WanAnimateToVideo", "Wan 2.1", "reference_image", {"pose_video": torch.full((17, 64, 64, 3), 0.5)}
    ),
    "Wan Animate 2": (
        "WanAnimate2ToVideo", "Wan 2.1", "reference_image", {"pose_video": torch.full((17, 64, 64, 3), 0.5)}
    ),
    "Wan HuMo": ("WanHuMoImageToVideo", "Wan 2.1", "ref_image", {"audio_encoder_output": SILENCE}),
    "Wan SCAIL": ("WanSCAILToVideo", "Wan 2.1", "reference_image", {}),
    "WanDancer": ("WanDancerVideo", "Wan 2.1", "start_image", {}),
    "Kandinsky 5": ("Kandinsky5ImageToVideo", "Wan 2.1", "start_image", {}),
    "HunyuanVideo 1.5": ("HunyuanVideo15ImageToVideo", "HunyuanVideo 1.5", "start_image", {}),
}  # fmt: skip


WITH_TRIM = ("WanVaceToVideo", "WanAnimateToVideo", "WanAnimate2ToVideo")  # the fourth output: frames to cut off


def still_clip(image, vae, length=17, resize="center crop"):
    return run_node("NRStillVideoLatent", image=image, vae=vae, length=length, width=64, height=64, resize=resize)[0]


def off_the_still(case, out, still, trim=0):
    """Largest distance of the sampled video from the still clip, in the model's own units."""
    model = case[1].model
    return (model.process_latent_in(video(out)[:, :, trim:]) - model.process_latent_in(still["samples"])).abs().max()


@pytest.mark.parametrize("case", cases(OWN_NODES), indirect=True)
def test_what_the_models_own_node_makes_is_held_to_the_still_clip(case, request):
    """An artist's graph: the picture goes to the model's own node and to Still Video Latent, that to `reference`."""
    stand_in = case[0]
    node, vae, takes, more = OWN_NODES[request.node.callspec.params["case"]]
    vae, image, size = vae_zoo.build(vae), picture(1), {"width": 64, "height": 64, "length": 17}
    made = run_node(node, positive=stand_in.prompt(0), negative=stand_in.prompt(1), vae=vae, **size,
                    **{takes: image}, **more)  # fmt: skip
    positive, negative, latent = made[:3]
    trim = made[3] if node in WITH_TRIM else 0
    still = still_clip(image, vae)
    out = sample(case, HELD, latent=latent, positive=positive, negative=negative, reference=still)
    assert trim == stand_in.prepended and off_the_still(case, out, still, trim) <= 1e-3


@pytest.mark.parametrize("case", cases(["Wan Animate", "Wan Animate 2"]), indirect=True)
def test_wan_animates_reference_is_known_without_a_video_of_poses(case, request):
    stand_in = case[0]
    vae, image = vae_zoo.build("Wan 2.1"), picture(1)
    node = "WanAnimateToVideo" if request.node.callspec.params["case"] == "Wan Animate" else "WanAnimate2ToVideo"
    positive, negative, latent, trim = run_node(
        node, positive=stand_in.prompt(0), negative=stand_in.prompt(1), vae=vae, width=64, height=64, length=17,
        reference_image=image,
    )[:4]  # fmt: skip
    still = still_clip(image, vae)
    out = sample(case, HELD, latent=latent, positive=positive, negative=negative, reference=still)
    assert off_the_still(case, out, still, trim) <= 1e-3


@pytest.mark.parametrize("case", cases(["MiniMax H3"]), indirect=True)
def test_minimax_h3s_own_node_and_the_still_clip(case):
    stand_in = case[0]
    vae, image = vae_zoo.build("MiniMax H3"), picture(1)
    clip = SimpleNamespace(
        tokenize=lambda text, images: text, encode_from_tokens_scheduled=lambda tokens: stand_in.prompt(tokens)
    )
    (positive, latent), (negative, _) = (
        run_node("MiniMaxH3ImageToVideo", clip=clip, vae=vae, prompt=seed, width=64, height=64, length=22,
                 first_frame=image)
        for seed in (0, 1)
    )  # fmt: skip
    still = still_clip(image, vae, length=22, resize="stretch")
    out = sample(case, HELD, latent=latent, positive=positive, negative=negative, reference=still)
    assert off_the_still(case, out, still) <= 1e-3


@pytest.mark.parametrize("case", cases(["LTX-2"]), indirect=True)
def test_ltx_2s_own_nodes_and_the_still_clip(case):
    """Its sound, made by its own nodes, passes through; the video is held to the still clip, its first frame masked."""
    vae, image = vae_zoo.build("LTX-Video"), picture(1)
    sound = SimpleNamespace(latent_frequency_bins=16, num_of_latents_from_frames=lambda frames, rate: 16)
    audio_vae = SimpleNamespace(latent_channels=8, first_stage_model=sound)
    empty = run_node("EmptyLTXVLatentVideo", width=64, height=64, length=33)[0]
    held = run_node("LTXVImgToVideoInplace", vae=vae, image=image, latent=empty, strength=1.0)[0]
    audio = run_node("LTXVEmptyLatentAudio", frames_number=33, frame_rate=25, audio_vae=audio_vae)[0]
    latent = run_node("LTXVConcatAVLatent", video_latent=held, audio_latent=audio)[0]
    still = still_clip(image, vae, length=33)
    out = sample(case, HELD, latent=latent, reference=still)
    _, heard = run_node("LTXVSeparateAVLatent", av_latent={"samples": out})
    assert off_the_still(case, out, still) <= 1e-3
    assert heard["samples"].shape == audio["samples"].shape and heard["samples"].std() > 0.1


@pytest.mark.parametrize("case", cases(["SeedVR2"]), indirect=True)
def test_seedvr2_is_held_to_the_video_that_it_restores(case):
    vae = vae_zoo.build("SeedVR2")
    still = still_clip(picture(1), vae)
    case[1].model.diffusion_model.positive_conditioning = case[0].prompt(0)[0][0][0]
    case[1].model.diffusion_model.negative_conditioning = case[0].prompt(1)[0][0][0]
    positive, negative = run_node("SeedVR2Conditioning", model=case[1], vae_conditioning=still)
    out = sample(case, HELD, latent=still, positive=positive, negative=negative)
    assert off_the_still(case, out, still) <= 1e-3


class SilentTalk(torch.nn.Module):
    """InfiniteTalk's patch of a Wan model of one block: its own projection of the audio, which then says nothing."""

    def __init__(self):
        from comfy.ldm.wan.model_multitalk import MultiTalkAudioProjModel

        super().__init__()
        self.audio_proj = MultiTalkAudioProjModel(
            seq_len=5, seq_len_vf=8, intermediate_dim=16, out_dim=16, context_tokens=2,
            operations=comfy.ops.disable_weight_init,
        )  # fmt: skip
        block = torch.nn.Module()
        block.norm_x = torch.nn.Identity()
        block.audio_cross_attn = lambda x, audio, **_: torch.zeros_like(x)
        self.blocks = [block]


@pytest.mark.parametrize("case", cases(["Wan InfiniteTalk"]), indirect=True)
def test_infinite_talks_own_node_and_the_still_clip(case):
    stand_in = dataclasses.replace(case[0], patch=lambda model, clip: model)  # the node itself patches the model
    vae, image, cpu = vae_zoo.build("Wan 2.1"), picture(1), torch.device("cpu")
    talk = comfy.model_patcher.ModelPatcher(SilentTalk(), cpu, cpu)
    randomise(talk.model, seed=4)
    model, positive, negative, latent, _ = run_node(
        "WanInfiniteTalkToVideo", mode={"mode": "single_speaker"}, model=stand_in.build(), model_patch=talk,
        positive=stand_in.prompt(0), negative=stand_in.prompt(1), vae=vae, width=64, height=64, length=17,
        audio_encoder_output_1={"encoded_audio_all_layers": [torch.zeros(1, 50, 768)] * 13}, start_image=image,
        motion_frame_count=9,
    )  # fmt: skip
    still, spoken = still_clip(image, vae), (stand_in, model, case[2])
    out = sample(spoken, HELD, latent=latent, positive=positive, negative=negative, reference=still)
    assert off_the_still(spoken, out, still) <= 1e-3


def test_guides_of_ltx_videos_own_node():
    """The video is held to its still clip, whichever frame the guide is for; the guide itself stays the host's."""
    stand_in, vae = ZOO["LTX-Video"], vae_zoo.build("LTX-Video")
    model = stand_in.build()
    still = run_node("NRStillVideoLatent", image=picture(1), vae=vae, length=33, width=0, height=0,
                     resize="center crop")[0]  # fmt: skip
    clip, common = still["samples"], {"seed": SEED, "steps": STEPS, "cfg": 3.0, "sampler_name": "euler",
                                      "scheduler": "normal", "denoise": 1.0, "model": model}  # fmt: skip
    positive, negative, latent = run_node(
        "LTXVAddGuide", positive=stand_in.conditioning(clip, 0), negative=stand_in.conditioning(clip, 1), vae=vae,
        latent=still, image=picture(2), frame_idx=-1, strength=1.0,
    )  # fmt: skip
    common |= {"positive": positive, "negative": negative, "latent_image": latent}
    host, ours = run_node("KSampler", **common)[0], run_node("NRKSampler", schedule=HELD, **common)[0]
    count = clip.shape[2]
    off = model.model.process_latent_in(ours["samples"][:, :, :count]) - model.model.process_latent_in(clip)
    assert off.abs().max() <= 1e-3
    torch.testing.assert_close(ours["samples"][:, :, count:], host["samples"][:, :, count:], atol=1e-4, rtol=1e-4)


# ---- block by block, by windows, in stages, carried


@pytest.mark.parametrize("case", cases(["CausalWan"]), indirect=True)
@pytest.mark.parametrize("block", [1, 2, 5])
def test_sampling_block_by_block_holds_each_block_to_its_own_frames(case, block):
    _, model, clip = case
    clip = clip.clone()
    clip[:, :, 2:] = clip[:, :, 2:].flip(-1)  # a block that is held to another one's frames would show
    sigmas = comfy.samplers.calculate_sigmas(model.get_model_object("model_sampling"), "simple", STEPS)
    out = run_node("SamplerCustom", model=run_node("NRApply", model=model, schedule=HELD)[0], add_noise=True,
                   noise_seed=SEED, cfg=1.0, sampler=run_node("SamplerARVideo", num_frame_per_block=block)[0],
                   sigmas=sigmas, latent_image={"samples": clip}, **prompts(case))[0]["samples"]  # fmt: skip
    assert (model.model.process_latent_in(out) - model.model.process_latent_in(clip)).abs().max() <= 1e-3


@pytest.mark.parametrize("case", cases(VIDEOS), indirect=True)
def test_two_stages_hold_one_anchor(case):
    stand_in, model, _ = case

    def stage(latent, add_noise, start, end, leftover):
        return run_node(
            "NRKSamplerAdvanced", model=model, add_noise=add_noise, noise_seed=SEED, steps=6, cfg=stand_in.cfg,
            sampler_name="dpmpp_2m_sde", scheduler="normal", latent_image=latent, start_at_step=start, end_at_step=end,
            return_with_leftover_noise=leftover, schedule=HELD, **prompts(case),
        )[0]  # fmt: skip

    first = stage(latent_of(case), "enable", 0, 3, "enable")
    assert drift(case, stage(first, "disable", 3, 6, "disable")["samples"]) <= 1e-2


@pytest.mark.parametrize("case", cases(WINDOWED), indirect=True)
def test_context_windows_share_one_anchor_over_the_whole_clip(case):
    stand_in, model, clip = case
    windows = run_node("ContextWindowsManual", model=model, context_length=3, context_overlap=1, dim=2,
                       context_schedule="standard_static", fuse_method="pyramid", context_stride=1,
                       closed_loop=False)[0]  # fmt: skip
    windowed = stand_in, windows, clip
    try:
        host = video(sample(windowed))
    except RuntimeError:  # the older ones do not cut the conditioning to the window
        pytest.skip("this ComfyUI has no windows for this model")
    assert not torch.equal(host, video(sample(case))), "windows must matter in this test"
    assert drift(windowed, sample(windowed, HELD)) <= 1e-2


@pytest.mark.parametrize("case", cases(VIDEOS), indirect=True)
def test_a_picture_carried_along_the_motion_stays_finite_and_no_further_than_plain(case):
    stand_in, model, clip = case

    def away(schedule):
        samples = video(sample(case, schedule))
        assert torch.isfinite(samples).all()
        off = model.model.process_latent_in(samples) - model.model.process_latent_in(clip)
        return float(off[:, :, stand_in.prepended :].pow(2).mean())

    assert away(CARRIED) < away(None)
