"""Workflows of models that came after those in recipes.py: references, sound, a second stage for size."""

from __future__ import annotations

from dataclasses import dataclass

from .graph import Graph, Output
from .parts import (
    CARRIED,
    CARRIED_BETWEEN,
    CARRIED_BY_ITSELF,
    EMPTY_LATENT,
    FIRMLY,
    HERE,
    IMAGE_ANCHOR,
    KEEPS_ITS_SAMPLER,
    LOAD,
    LOOK_AND_ON,
    PICTURE_AND_PROMPT,
    PROMPT,
    SAMPLE,
    SAMPLE_THE_REST,
    SETTLE,
    START,
    STIFF_OR_FREE,
    STILL_AGAIN,
    carried_between,
    carried_sampling,
    conditioned,
    cut,
    diffusion_model,
    hold,
    load_picture,
    picture_and_prompts,
    save_video,
    scaled,
    schedule,
    steps,
    video_length,
    watch,
    workflow,
)
from .recipes import hunyuan_15_carried
from .thumbnails import Drawing

FEW_STEPS = (
    "In 4 steps τ counts whole steps: up to `tau_end` 0.25 one is rectified, up to 0.5 two, up to 0.75 three. "
    "`tau_ramp` has no room there."
)
SOUND_IS_LEFT = (
    "Sound is sampled with the video and is left to the model: only the video's part of each prediction is rectified."
)
LTX_START = START + " They are of the large video; the small one is half as wide and as high."
LTX_COST = "files of 47 GB."
LTX_SIZES = "Lengths are 8n+1; width and height multiples of 64."
SPOKEN = PROMPT + " Wind in the leaves, birds far away."


@workflow(
    "Wan VACE, given a reference",
    "The reference says what things *look* like; it comes before the video as a frame of its own, which **Trim Video "
    "Latent** takes away again. Rectification adds the rest: the video also *begins* as the picture and is held to "
    "it. **Still Video Latent** goes to `reference`, with the same width, height and length; the reference's own frame "
    "is left to the model.\n\n**Not carried** (`motion_compensation` 0, the paper's ω): in 4 steps layout and motion "
    "are settled before the last one alone.",
    cost="files of 58 GB; 81 frames on an RTX 4090 about 4 minutes, without the LoRA 40 in 720p.",
    try_first=[
        FEW_STEPS + " 0.5 rectifies two.",
        "The look is wanted, not the layout: `tau_end` 0.25, or `strength` 0.5.",
        IMAGE_ANCHOR,
        "Without the LoRA: `steps` 20, `cfg` 6; then **link the VAE** to the sampler, `motion_compensation` 1, ω flat "
        "at 0, `tau_end` 0.7.",
    ],
    drawing=Drawing("chelsea.png", "turn"),
)
def wan_vace_reference(graph: Graph) -> None:
    graph.column(LOAD, 360)
    unet = graph.add("UNETLoader", unet_name="wan2.1_vace_14B_fp16.safetensors")
    encoder = graph.add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan")
    lora = graph.add("LoraLoader", "Few steps", model=unet, clip=encoder, strength_model=0.3, strength_clip=1.0,
                     lora_name="Wan21_CausVid_14B_T2V_lora_rank32.safetensors")  # fmt: skip
    model = graph.add("ModelSamplingSD3", model=lora, shift=8)
    vae = graph.add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    given = picture_and_prompts(graph, lora.slot(1), 768, 768, 81)
    still, held = hold(graph, given, vae, tau_end=0.5)
    graph.column(SAMPLE, 340)
    own = graph.add("WanVaceToVideo", positive=given.positive, negative=given.negative, vae=vae,
                    reference_image=given.picture, strength=1.0, **given.size)  # fmt: skip
    samples = graph.add("NRKSampler", model=model, schedule=held, reference=still, **conditioned(own),
                        **steps(4, 1, "uni_pc"))  # fmt: skip
    trimmed = graph.add("TrimVideoLatent", samples=samples, trim_amount=own.slot(3))
    watch(graph, trimmed, vae, fps=16)


@workflow(
    "Wan S2V, a picture and its sound",
    "A picture speaks, sings or plays to a recording. " + EMPTY_LATENT + "\n\n**Not carried** (`motion_compensation` "
    "0, the paper's ω): a mouth that opens shows what the picture does not, so it is held more loosely.",
    start="**Your picture** into Load Image, **your recording** into Load Audio, **what moves, and how** into the "
    "prompt, **Run**. " + HERE,
    cost="files of 25 GB.",
    try_first=[
        FEW_STEPS + " 0.5 rectifies two.",
        "The mouth is held too: `tau_end` 0.25, or a `mask` that leaves the face out (white is held).",
        IMAGE_ANCHOR,
        "Without the LoRA: `steps` 20, `cfg` 6, `tau_end` 0.3.",
        "77 frames are 4.8 seconds; the model wants at least 73.",
    ],
    drawing=Drawing("astronaut.png", "zoom in", "sound"),
)
def wan_s2v(graph: Graph) -> None:
    graph.column(LOAD, 360)
    unet = graph.add("UNETLoader", unet_name="wan2.2_s2v_14B_fp8_scaled.safetensors")
    lora = graph.add("LoraLoaderModelOnly", "4 steps", model=unet, strength_model=1.0,
                     lora_name="wan2.2_t2v_lightx2v_4steps_lora_v1.1_high_noise.safetensors")  # fmt: skip
    model = graph.add("ModelSamplingSD3", model=lora, shift=8)
    clip = graph.add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan")
    vae = graph.add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    hearing = graph.add("AudioEncoderLoader", audio_encoder_name="wav2vec2_large_english_fp16.safetensors")
    given = picture_and_prompts(graph, clip, 640, 640, 77)
    sound = graph.add("LoadAudio", "Put your recording here", audio="")
    still, held = hold(graph, given, vae, tau_end=0.5)
    graph.column(SAMPLE, 340)
    heard = graph.add("AudioEncoderEncode", audio_encoder=hearing, audio=sound)
    own = graph.add("WanSoundImageToVideo", positive=given.positive, negative=given.negative, vae=vae,
                    audio_encoder_output=heard, ref_image=given.picture, **given.size)  # fmt: skip
    samples = graph.add("NRKSampler", model=model, schedule=held, reference=still, **conditioned(own),
                        **steps(4, 1, "uni_pc"))  # fmt: skip
    watch(graph, samples, vae, fps=16, audio=sound)


@workflow(
    "HunyuanVideo 1.5 in 1080p, image to video",
    "**720p**: t" + CARRIED_BETWEEN[1:] + "\n\n**1080p**: the enlarged small video goes to `reference`, so the large "
    "one stays true to *it* while it gets its detail; any latent video can be a reference." + KEEPS_ITS_SAMPLER,
    start=START + " They are of the 720p video; the large one is one and a half times as wide and as high.",
    cost="files of 45 GB.",
    try_first=[
        "The 720p video, as in *HunyuanVideo 1.5, image to video*. " + STIFF_OR_FREE + " `amount` 0.5: half as far.",
        "The 1080p video: its first sampler makes 4 of 8 steps, and `tau_end` 0.5 rectifies two of them. ω is 0, "
        "because a moving reference needs no lent bias.",
        "The large video changes faces or text of the small one: `tau_end` 1 on the second schedule. It stays as soft "
        "as the small one: 0.25.",
    ],
    drawing=Drawing("coffee.png", "zoom in", "larger"),
)
def hunyuan_video_15_super_resolution(graph: Graph) -> None:
    graph.column(LOAD, 380)
    shifted = diffusion_model(graph, "hunyuanvideo1.5_720p_i2v_fp16.safetensors", shift=7)
    larger = graph.add("UNETLoader", "Super resolution",
                       unet_name="hunyuanvideo1.5_1080p_sr_distilled_fp16.safetensors")  # fmt: skip
    upsampler = graph.add("LatentUpscaleModelLoader", model_name="hunyuanvideo15_latent_upsampler_1080p.safetensors")
    clip = graph.add("DualCLIPLoader", clip_name1="qwen_2.5_vl_7b_fp8_scaled.safetensors",
                     clip_name2="byt5_small_glyphxl_fp16.safetensors", type="hunyuan_video_15")  # fmt: skip
    vision = graph.add("CLIPVisionLoader", clip_name="sigclip_vision_patch14_384.safetensors")
    vae = graph.add("VAELoader", vae_name="hunyuanvideo15_vae_fp16.safetensors")
    given = picture_and_prompts(graph, clip, 1280, 720, 121, negative="", vision=vision, crop="center")
    small = hunyuan_15_carried(graph, shifted, given, vae)
    graph.column("6  Held to the small video", 420)
    _, large = scaled(graph, given.picture, 1.5, "1080p", 1280, 720)
    enlarged = graph.add("HunyuanVideo15LatentUpscaleWithModel", model=upsampler, samples=small,
                         upscale_method="bilinear", crop="disabled", **large)  # fmt: skip
    flat = schedule(graph, "Rectification Schedule: super resolution", tau_end=0.5, curve=FIRMLY)
    high = graph.add("NRApply", model=graph.add("ModelSamplingSD3", model=larger, shift=2), schedule=flat,
                     reference=enlarged)  # fmt: skip
    graph.column("7  Sample 1080p", 340)
    own = graph.add("HunyuanVideo15SuperResolution", positive=given.positive, negative=given.negative, vae=vae,
                    start_image=given.picture, clip_vision_output=given.seen, latent=enlarged)  # fmt: skip
    sigmas = graph.add("BasicScheduler", model=larger, scheduler="simple", steps=8, denoise=1.0)
    parts = graph.add("SplitSigmas", sigmas=sigmas, step=4)
    sampler = graph.add("KSamplerSelect", sampler_name="euler")
    half = graph.add("SamplerCustomAdvanced", noise=graph.add("RandomNoise", noise_seed=7), sampler=sampler,
                     guider=graph.add("CFGGuider", model=high, positive=own, negative=own.slot(1), cfg=1.0),
                     sigmas=parts, latent_image=own.slot(2))  # fmt: skip
    rest = graph.add("CFGGuider", model=larger, positive=given.positive, negative=given.negative, cfg=1.0)
    samples = graph.add("SamplerCustomAdvanced", noise=graph.add("DisableNoise"), sampler=sampler, guider=rest,
                        sigmas=parts.slot(1), latent_image=half)  # fmt: skip
    graph.column("8  Watch", 420)
    frames = graph.add("VAEDecodeTiled", samples=samples, vae=vae, tile_size=512, overlap=64, temporal_size=64,
                       temporal_overlap=8)  # fmt: skip
    save_video(graph, frames, fps=24)


@workflow(
    "Kandinsky 5, image to video",
    EMPTY_LATENT + CARRIED_BY_ITSELF,
    cost="files of 15 GB.",
    try_first=[
        "`tau_end` 0.5: " + LOOK_AND_ON + STIFF_OR_FREE,
        STILL_AGAIN,
        IMAGE_ANCHOR,
        "The first frames stand out: *Normalize* evens them out over 4 frames; more if needed.",
    ],
    needs="0.4.0",
    drawing=Drawing("rocket.jpg", "turn"),
)
def kandinsky_5(graph: Graph) -> None:
    graph.column(LOAD, 360)
    model = diffusion_model(graph, "kandinsky5lite_i2v_5s.safetensors", shift=5)
    clip = graph.add("DualCLIPLoader", clip_name1="qwen_2.5_vl_7b_fp8_scaled.safetensors",
                     clip_name2="clip_l.safetensors", type="kandinsky5")  # fmt: skip
    vae = graph.add("VAELoader", vae_name="hunyuan_video_vae_bf16.safetensors")
    given = picture_and_prompts(graph, clip, 768, 512, 121, negative="")
    still, held = hold(graph, given, vae, tau_end=0.5, **CARRIED)
    graph.column(SAMPLE, 340)
    own = graph.add("Kandinsky5ImageToVideo", positive=given.positive, negative=given.negative, vae=vae,
                    start_image=given.picture, **given.size)  # fmt: skip
    samples = graph.add("NRKSampler", model=model, schedule=held, reference=still, vae=vae, **conditioned(own),
                        **steps(50, 5, "euler_ancestral", "beta"))  # fmt: skip
    clean = graph.add("ReplaceVideoLatentFrames", "The picture itself as the first frame", destination=samples,
                      source=own.slot(3), index=0)  # fmt: skip
    even = graph.add("NormalizeVideoLatentStart", latent=clean, start_frame_count=4, reference_frame_count=5)
    watch(graph, even, vae, fps=24)


@workflow(
    "LTX-2.3, image to video with sound",
    "The small video: t"
    + CARRIED_BETWEEN[1:]
    + " The second stage begins with the same noise on what the first one predicts, the "
    "picture in its first frame again. Then the large video, held to what it starts from, the enlarged small one. "
    + SOUND_IS_LEFT
    + KEEPS_ITS_SAMPLER,
    start=LTX_START,
    cost=LTX_COST,
    try_first=[
        "Five of the small video's 8 steps stay above σ 0.9: layout and motion are decided there, and the look comes "
        "after them. `tau_end` 0.6 rectifies two of the three that are left; 0.3 one, 1 all. " + STIFF_OR_FREE,
        "`amount` 0.5: half as far; 1.5: further.",
        "The large video makes 3 steps from σ 0.85: `tau_end` 0.3 rectifies one, 0.6 two, 1 all. Its ω is 0.",
        LTX_SIZES,
    ],
    needs="0.16.0",
    drawing=Drawing("chelsea.png", "zoom in", "sound"),
)
def ltx_23_with_sound(graph: Graph) -> None:
    ltx = load_ltx(graph)
    graph.column(SETTLE, 340)
    settled = sampled_with_sound(graph, ltx.model, ltx.prompt, *ltx_start(graph, ltx), ", ".join(LTX_STEPS[:6]))
    said = graph.add("LTXVSeparateAVLatent", "What the model makes of it", av_latent=settled.slot(1))
    rectified = carried_between(graph, ltx.model, ltx.picture, said, ltx.vae, tau_end=0.6)
    graph.column(SAMPLE_THE_REST, 340)
    again = graph.add("LTXVImgToVideoInplace", vae=ltx.vae, image=ltx.seen, latent=said, strength=LTX_STRENGTH)
    small = with_sound(graph, rectified, ltx.prompt, again, said.slot(1), ", ".join(LTX_STEPS[5:]))
    graph.column("6  Held to the small video", 420)
    enlarged = ltx_enlarged(graph, ltx, small)
    flat = schedule(graph, "Rectification Schedule: large video", tau_end=0.3, curve=FIRMLY)
    rectified = graph.add("NRApply", model=ltx.model, schedule=flat)
    graph.column("7  Sample the large one", 340)
    ltx_watch(graph, ltx, ltx_large(graph, ltx, rectified, enlarged, small), "8  Watch and listen")


LTX_RATE = 25
LTX_STEPS = "1.0", "0.99375", "0.9875", "0.98125", "0.975", "0.909375", "0.725", "0.421875", "0.0"
LTX_STRENGTH = 0.7  # with which the picture is put into the small video's first frame


@dataclass
class Ltx:
    """LTX-2.3's parts; `small` is the picture half as large, `seen` the picture as the model takes it."""

    model: Output
    vae: Output
    audio_vae: Output
    upsampler: Output
    picture: Output
    size: dict[str, Output]
    small: Output
    small_size: dict[str, Output]
    seen: Output
    prompt: Output


def load_ltx(graph: Graph) -> Ltx:
    file = "ltx-2.3-22b-dev-fp8.safetensors"
    graph.column(LOAD, 380)
    loaded = graph.add("CheckpointLoaderSimple", ckpt_name=file)
    model = graph.add(
        "LoraLoaderModelOnly", "Few steps", model=loaded, strength_model=0.5,
        lora_name="ltx_2.3_22b_distilled_1.1_lora_dynamic_fro09_avg_rank_111_bf16.safetensors",
    )  # fmt: skip
    clip = graph.add("LTXAVTextEncoderLoader", text_encoder="gemma_3_12B_it_fp4_mixed.safetensors", ckpt_name=file)
    audio_vae = graph.add("LTXVAudioVAELoader", ckpt_name=file)
    upsampler = graph.add("LatentUpscaleModelLoader", model_name="ltx-2.3-spatial-upscaler-x2-1.1.safetensors")
    given = picture_and_prompts(graph, clip, 1280, 704, 121, SPOKEN)
    small, small_size = scaled(graph, given.picture, 0.5, "The small video's", 1280, 704)
    small_size["length"] = given.size["length"]
    seen = graph.add("LTXVPreprocess", image=given.picture, img_compression=18)
    prompt = graph.add("LTXVConditioning", positive=given.positive, negative=given.negative, frame_rate=LTX_RATE)
    return Ltx(model, loaded.slot(2), audio_vae, upsampler, given.picture, given.size, small, small_size, seen, prompt)


def ltx_start(graph: Graph, ltx: Ltx) -> tuple[Output, Output]:
    """What the first stage starts from: the latents of the video, the picture in its first frame, and of the sound."""
    empty = graph.add("EmptyLTXVLatentVideo", **ltx.small_size)
    video = graph.add("LTXVImgToVideoInplace", vae=ltx.vae, image=ltx.seen, latent=empty, strength=LTX_STRENGTH)
    silence = graph.add("LTXVEmptyLatentAudio", audio_vae=ltx.audio_vae, frames_number=ltx.size["length"],
                        frame_rate=LTX_RATE)  # fmt: skip
    return video, silence


def ltx_small(graph: Graph, ltx: Ltx, model: Output) -> Output:
    """The first stage. Returns its video's latent; slot 1 is the sound's."""
    return with_sound(graph, model, ltx.prompt, *ltx_start(graph, ltx), ", ".join(LTX_STEPS))


def ltx_enlarged(graph: Graph, ltx: Ltx, small: Output) -> Output:
    """The first stage's video at twice the size, the picture in its first frame again."""
    enlarged = graph.add("LTXVLatentUpsampler", samples=small, upscale_model=ltx.upsampler, vae=ltx.vae)
    return graph.add("LTXVImgToVideoInplace", vae=ltx.vae, image=ltx.seen, latent=enlarged, strength=1.0)


def ltx_large(graph: Graph, ltx: Ltx, model: Output, enlarged: Output, small: Output) -> Output:
    """The second stage, from the enlarged video and the first stage's sound."""
    return with_sound(graph, model, ltx.prompt, enlarged, small.slot(1), "0.85, 0.7250, 0.4219, 0.0")


def ltx_watch(graph: Graph, ltx: Ltx, large: Output, title: str) -> None:
    graph.column(title, 420)
    frames = graph.add("VAEDecodeTiled", samples=large, vae=ltx.vae, tile_size=768, overlap=64, temporal_size=4096,
                       temporal_overlap=4)  # fmt: skip
    sound = graph.add("LTXVAudioVAEDecode", samples=large.slot(1), audio_vae=ltx.audio_vae)
    save_video(graph, frames, fps=LTX_RATE, audio=sound)


def with_sound(graph: Graph, model: Output, prompt: Output, video: Output, audio: Output, sigmas: str) -> Output:
    """One stage of LTX-2.3, at these noise levels. Returns its video's latent; slot 1 is the sound's."""
    return graph.add("LTXVSeparateAVLatent", av_latent=sampled_with_sound(graph, model, prompt, video, audio, sigmas))


def sampled_with_sound(
    graph: Graph, model: Output, prompt: Output, video: Output, audio: Output, sigmas: str
) -> Output:
    """The same, video and sound in one latent; slot 1 is what the model says last of both."""
    both = graph.add("LTXVConcatAVLatent", video_latent=video, audio_latent=audio)
    return graph.add(
        "SamplerCustomAdvanced",
        noise=graph.add("RandomNoise", noise_seed=7),
        guider=graph.add("CFGGuider", model=model, positive=prompt, negative=prompt.slot(1), cfg=1.0),
        sampler=graph.add("KSamplerSelect", sampler_name="euler"),
        sigmas=graph.add("ManualSigmas", sigmas=sigmas),
        latent_image=both,
    )


@workflow(
    "MiniMax H3, image to video with sound",
    CARRIED_BETWEEN + " " + SOUND_IS_LEFT + KEEPS_ITS_SAMPLER,
    start="**Your picture** into Load Image, **what moves, and what is heard** into the prompt, **Run**. Shape, "
    "size and length are chosen once, beside the picture.",
    cost="files of 44 GB.",
    try_first=[
        "The look comes after half of 20 steps (*SplitSigmas*): with this model's shift of 12 that is where layout "
        "and motion are settled.",
        "`tau_end` counts the second stage alone: 0.4 are four of its 10 steps. " + STIFF_OR_FREE,
        "`amount` 0.5: half as far; 1.5: further.",
        "Lengths are 17n+5: its own node rounds *up* to that.",
        "With the turbo LoRA: 6 to 8 steps, the look after three or four.",
    ],
    needs="0.30.0",
    drawing=Drawing("coffee.png", "turn", "sound"),
)
def minimax_h3_with_sound(graph: Graph) -> None:
    graph.column(LOAD, 360)
    model = graph.add("UNETLoader", unet_name="minimax_h3_fl2va_pruned_int8_convrot.safetensors")
    clip = graph.add("CLIPLoader", clip_name="qwen3vl_32b_minimax_h3_nvfp4_awq.safetensors", type="minimax")
    vae = graph.add("VAELoader", "Load VAE: video", vae_name="minimax_h3_video_vae_int8_convrot.safetensors")
    audio_vae = graph.add("VAELoader", "Load VAE: sound", vae_name="minimax_h3_audio_vae_fp32.safetensors")
    graph.column(PICTURE_AND_PROMPT, 400)
    loaded = load_picture(graph)
    chosen = graph.add("ResolutionSelector", "Shape and size of the video", aspect_ratio="16:9 (Widescreen)",
                       megapixels=0.4, multiple=32)  # fmt: skip
    size = {"width": chosen.giving(864), "height": chosen.slot(1).giving(480)}
    picture = cut(graph, loaded, "Cut to that", **size)
    graph.collapse(picture)
    own = graph.add("MiniMaxH3ImageToVideo", "Prompt: what moves, and what is heard", clip=clip, vae=vae, prompt=SPOKEN,
                    first_frame=picture, length=video_length(graph, 124), **size)  # fmt: skip
    graph.column(SETTLE, 340)
    samples = carried_sampling(graph, model, picture, vae, own.slot(1), "BasicGuider", look_at=10, tau_end=0.4,
                               sampler="res_multistep", conditioning=own)  # fmt: skip
    sound = graph.add("VAEDecodeAudio", samples=samples, vae=audio_vae)
    watch(graph, samples, vae, fps=24, title="6  Watch and listen", audio=sound)
