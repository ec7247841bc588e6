"""The shipped workflows. A recipe is what differs between models; parts.py has what they share.

Settings and file names are those that the users of each model know from the official templates.
"""

from __future__ import annotations

from .graph import Graph, Output
from .parts import (
    CARRIED,
    CARRIED_BETWEEN,
    CARRIED_BY_ITSELF,
    DESCRIBE,
    EMPTY_LATENT,
    FIRMLY,
    HELD_FRAME,
    HERE,
    HOLD,
    IMAGE_ANCHOR,
    KEEPS_ITS_SAMPLER,
    LOAD,
    LOOK_AND_ON,
    MORE_OR_LESS,
    NEGATIVE,
    PICTURE_AND_PROMPT,
    PROMPT,
    RUN_IN_PART,
    SAMPLE,
    SETTLE,
    STIFF_OR_FREE,
    STILL_AGAIN,
    WATCH_CARRIED,
    Given,
    carried_sampling,
    conditioned,
    cut,
    diffusion_model,
    fitted_picture,
    hold,
    load_picture,
    load_wan,
    picture_and_prompts,
    prompts,
    save_video,
    schedule,
    steps,
    still_clip,
    watch,
    workflow,
)
from .thumbnails import Drawing


@workflow(
    "1 Start here, a picture becomes a video",
    "The demo model knows **motions**, not pictures: it never saw this one. It is asked here as your own model is: a "
    "flow model, whose VAE puts many pixels and several frames into a cell of the latent. Left alone (**plain**) it "
    "makes up something else. **Rectified as published**, the same model with the same seed is held to the picture as "
    "it stands, and comes out soft. **Carried in pixels**: with the VAE linked, its motion is looked at once, early in "
    "the run; the picture is moved along it, and the rest is held to that: as sharp as the picture, and moving.",
    start="**Press Run.** The three videos appear side by side in the middle. Nothing to download; a CPU will do.",
    try_first=[
        "Another **motion**, another **picture**; or Load Image in place of Demo Picture, any size.",
        "What does it: `motion_compensation` 1 on schedule 3, and **the VAE linked** to its sampler. ω 0 and `tau_end` "
        "1 go with it: a picture that moves may be held firmly, to the end.",
        "Schedule 3, `tau_end` 0.6: the model paints the details of the end itself, and smears them.",
        "`motion_compensation` 0.5: half as far. 0, and ω 0: the picture stands still.",
        "Where the motion uncovers what the picture does not show, the model paints alone; this small one not well.",
        "`strength` 0: exactly the plain KSampler. Any other sampler: `euler_ancestral`, `dpmpp_2m_sde`.",
        "Your own model: its loaders and prompts in place of the demo's, its size on Still Video Latent, and its VAE "
        "linked to the sampler. The other templates of this pack show how.",
    ],
    checked="",
)
def demo_image_to_video(graph: Graph) -> None:
    graph.column("1  Picture and motion", 310)
    loaded = graph.add("NRLoadDemoModel", sampling="flow", latent="blocks of 4x4 pixels and 5 frames")
    model = graph.add("ModelSamplingSD3", model=loaded, shift=5)
    vae = loaded.slot(1)
    picture = graph.add("NRDemoPicture", picture="coffee")
    prompt = graph.add("NRDemoPrompt", motion="pan left")
    still = graph.add("NRStillVideoLatent", image=picture, vae=vae, length=16, width=64, height=64)
    graph.column("2  Held as published", 400)
    published = schedule(graph, "Rectification Schedule: as published")
    graph.column("3  Carried along the motion", 400)
    carried = schedule(graph, "Rectification Schedule: carried", tau_end=1.0, **CARRIED)
    graph.column("4  The same seed, three ways", 340)
    sampling = {"model": model, "positive": prompt, "negative": prompt.slot(1), "latent_image": still,
                **steps(20, 1.25)}  # fmt: skip
    videos = [
        graph.add("KSampler", "Plain", **sampling),
        graph.add("NRKSampler", "Rectified KSampler: as published", schedule=published, **sampling),
        graph.add("NRKSampler", "Rectified KSampler: carried in pixels", schedule=carried, vae=vae, **sampling),
    ]
    graph.column("5  Side by side", 230)
    frames = [graph.add("VAEDecode", samples=video, vae=vae) for video in videos]
    beside = {"direction": "right", "match_image_size": False, "spacing_width": 4}
    two = graph.add("ImageStitch", "Side by side", image1=frames[0], image2=frames[1], **beside)
    three = graph.add("ImageStitch", "Side by side", image1=two, image2=frames[2], **beside)
    enlarged = graph.add("ImageScaleBy", "Enlarge", image=three, upscale_method="nearest-exact", scale_by=4.0)
    graph.collapse(*frames, two, three, enlarged)
    graph.column("6  Watch", under=(1, 2))
    saved = graph.add("SaveAnimatedWEBP", "Plain  |  as published  |  carried in pixels", images=enlarged,
              filename_prefix="three_ways", fps=8.0, lossless=True, quality=90, method="default")  # fmt: skip
    fidelity = [(carried, name) for name in ("omega_curve", "motion_compensation", "tau_end", "hold_colours")]
    graph.show_as_app([(picture, "picture"), (prompt, "motion"), *fidelity], [saved])


@workflow(
    "Wan 2.1, image to video",
    EMPTY_LATENT + CARRIED_BY_ITSELF,
    cost="files of 41 GB.",
    try_first=[
        "`tau_end` 0.7: " + LOOK_AND_ON + STIFF_OR_FREE,
        STILL_AGAIN,
        IMAGE_ANCHOR,
        "`strength` 0 gives exactly the plain KSampler, with the same seed: compare.",
    ],
    drawing=Drawing("coffee.png", "pan"),
)
def wan21_image_to_video(graph: Graph) -> None:
    wan = load_wan(graph, "wan2.1_i2v_480p_14B_fp16.safetensors")
    vision = graph.add("CLIPVisionLoader", clip_name="clip_vision_h.safetensors")
    given = picture_and_prompts(graph, wan.clip, 512, 512, 33, vision=vision)
    still, held = hold(graph, given, wan.vae, tau_end=0.7, **CARRIED)
    graph.column(SAMPLE, 340)
    own = graph.add("WanImageToVideo", positive=given.positive, negative=given.negative, vae=wan.vae,
                    clip_vision_output=given.seen, start_image=given.picture, **given.size)  # fmt: skip
    samples = graph.add("NRKSampler", model=wan.model, schedule=held, reference=still, vae=wan.vae,
                        **conditioned(own), **steps(20, 6, "uni_pc"))  # fmt: skip
    watch(graph, samples, wan.vae, fps=16)


@workflow(
    "Wan 2.1 text to video, given a picture",
    "This model was never trained on pictures as an input. **Still Video Latent** goes straight to the sampler's "
    "`latent_image`: noise rectification alone turns text-to-video into image-to-video." + CARRIED_BY_ITSELF,
    start=DESCRIBE,
    try_first=[
        "`tau_end` 0.7: " + LOOK_AND_ON + STIFF_OR_FREE,
        STILL_AGAIN,
        IMAGE_ANCHOR,
        "The video jumps when τ ends: `tau_ramp` 0.2.",
    ],
    drawing=Drawing("rocket.jpg", "zoom in"),
)
def wan21_text_to_video_as_image_to_video(graph: Graph) -> None:
    wan = load_wan(graph, "wan2.1_t2v_1.3B_fp16.safetensors")
    given = picture_and_prompts(graph, wan.clip, 832, 480, 33)
    still, held = hold(graph, given, wan.vae, tau_end=0.7, **CARRIED)
    graph.column(SAMPLE, 340)
    samples = graph.add("NRKSampler", model=wan.model, positive=given.positive, negative=given.negative,
                        latent_image=still, schedule=held, vae=wan.vae, **steps(30, 6, "uni_pc"))  # fmt: skip
    watch(graph, samples, wan.vae, fps=16)


LAST = 4095  # of ImageFromBatch: the clip's last frame, however many it has

WAN_22_COST = "640x640, 81 frames on an RTX 4090D with 24 GB, five sixths of it used: "
BOTH_EXPERTS = (
    "**The same schedule goes to both samplers.** τ counts all {steps} steps, and the second sampler continues where "
    "the first one stopped: it needs no `reference`. "
)
VAE_TO_BOTH = "It goes to both samplers: the look comes in the first one's steps, or where the two meet."


@workflow(
    "Wan 2.2 14B, image to video",
    BOTH_EXPERTS.format(steps=20) + EMPTY_LATENT + CARRIED_BY_ITSELF + VAE_TO_BOTH,
    cost=WAN_22_COST + "about 9 minutes.",
    try_first=[
        "`tau_end` 0.5: to the end of the high-noise expert, the other left alone. 0.6: two steps of the second too. "
        "The look comes after the first six steps: below 0.35 nothing is held to it.",
        STIFF_OR_FREE,
        STILL_AGAIN,
        IMAGE_ANCHOR,
        "With the 4-step LoRAs: *Wan 2.2 14B in 4 steps*.",
    ],
    drawing=Drawing("astronaut.png", "zoom in"),
)
def wan22_14b_two_experts(graph: Graph) -> None:
    two_experts(graph, count=20, cfg=3.5, tau_end=0.5)


@workflow(
    "Wan 2.2 14B in 4 steps, image to video",
    BOTH_EXPERTS.format(steps=4) + "\n\n"
    "**What τ means in 4 steps**: whole steps only. Up to `tau_end` 0.25 one step is rectified, up to 0.5 two, up to "
    "0.75 three, above that all. 0.5 is the high-noise expert, from σ 1 to 0.83.\n\n"
    "`cfg` 1: the model's prediction is taken as it is, the negative prompt is not used. What rectification "
    "measures is then the model's own error, without that of guidance. "
    + EMPTY_LATENT
    + CARRIED_BY_ITSELF
    + VAE_TO_BOTH,
    cost=WAN_22_COST + "about 1.5 minutes.",
    try_first=[
        "The look comes where the two experts meet: `tau_end` 0.75 holds the step after it. The last step alone makes "
        "the finest detail: above 0.75 the video is held in that too. 0.5 and less: nothing is held to the look.",
        "`tau_ramp` has no room in 4 steps: leave it at 0, and set `strength` 0.7 for a softer hold.",
        STILL_AGAIN,
        IMAGE_ANCHOR,
    ],
    drawing=Drawing("coffee.png", "zoom in"),
)
def wan22_14b_four_steps(graph: Graph) -> None:
    two_experts(graph, count=4, cfg=1.0, tau_end=0.75, loras=True)


def two_experts(graph: Graph, count: int, cfg: float, tau_end: float, loras: bool = False) -> None:
    """Wan 2.2 14B: its high-noise expert for the first half of `count` steps, the low-noise one for the second.

    loras: with those that make 4 steps enough.
    """
    graph.column(LOAD, 360)
    high, low = (wan22_expert(graph, noise, loras) for noise in ("high", "low"))
    clip = graph.add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan")
    vae = graph.add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    given = picture_and_prompts(graph, clip, 640, 640, 81)
    still, held = hold(graph, given, vae, tau_end=tau_end, **CARRIED)
    graph.column(SAMPLE, 360)
    own = graph.add("WanImageToVideo", positive=given.positive, negative=given.negative, vae=vae,
                    start_image=given.picture, **given.size)  # fmt: skip
    rectified = {"schedule": held, "reference": still, "vae": vae}
    watch(graph, by_both_experts(graph, "NRKSamplerAdvanced", high, low, own, count, cfg, rectified), vae, fps=16)


def wan22_expert(graph: Graph, noise: str, few_steps: bool) -> Output:
    """The expert for `noise`, "high" or "low"; few_steps: with the LoRA that makes 4 steps enough."""
    model = graph.add("UNETLoader", f"{noise.capitalize()}-noise expert",
                      unet_name=f"wan2.2_i2v_{noise}_noise_14B_fp8_scaled.safetensors")  # fmt: skip
    if few_steps:
        model = graph.add("LoraLoaderModelOnly", f"4 steps, {noise} noise", model=model, strength_model=1.0,
                          lora_name=f"wan2.2_i2v_lightx2v_4steps_lora_v1_{noise}_noise.safetensors")  # fmt: skip
    return graph.add("ModelSamplingSD3", model=model, shift=5)


def by_both_experts(
    graph: Graph, sampler: str, high: Output, low: Output, own: Output, count: int, cfg: float, rectified: dict
) -> Output:
    """Half of `count` steps by each expert. rectified: schedule, reference, mask, vae; the second has no reference."""
    sampling = {"steps": count, "cfg": cfg, "sampler_name": "euler", "scheduler": "simple"}
    half = graph.add(
        sampler, "First half: high-noise expert", model=high, add_noise="enable", noise_seed=7, start_at_step=0,
        end_at_step=count // 2, return_with_leftover_noise="enable", **conditioned(own), **sampling, **rectified,
    )  # fmt: skip
    continued = {name: value for name, value in rectified.items() if name != "reference"}
    return graph.add(
        sampler, "Second half: low-noise expert", model=low, add_noise="disable", noise_seed=0,
        start_at_step=count // 2, end_at_step=10000, return_with_leftover_noise="disable",
        **{**conditioned(own), "latent_image": half}, **sampling, **continued,
    )  # fmt: skip


@workflow(
    "Wan 2.2 5B, image to video",
    HELD_FRAME + CARRIED_BY_ITSELF,
    cost="files of 18 GB.",
    try_first=[
        "`tau_end` 0.7: the look comes after nine of 20 steps, and τ has to go on from there; a picture that moves "
        "may be held longer than one that stands still. " + STIFF_OR_FREE,
        STILL_AGAIN,
        IMAGE_ANCHOR,
        "Short of memory: length 49.",
    ],
    drawing=Drawing("chelsea.png", "pan"),
)
def wan22_5b(graph: Graph) -> None:
    wan = load_wan(graph, "wan2.2_ti2v_5B_fp16.safetensors", vae="wan2.2_vae.safetensors")
    given = picture_and_prompts(graph, wan.clip, 1280, 704, 121)
    still, held = hold(graph, given, wan.vae, tau_end=0.7, **CARRIED)
    graph.column(SAMPLE, 340)
    own = graph.add("Wan22ImageToVideoLatent", vae=wan.vae, start_image=given.picture, **given.size)
    samples = graph.add("NRKSampler", model=wan.model, positive=given.positive, negative=given.negative,
                        latent_image=own, schedule=held, reference=still, vae=wan.vae,
                        **steps(20, 5, "uni_pc"))  # fmt: skip
    watch(graph, samples, wan.vae, fps=24)


@workflow(
    "First and last picture, Wan 2.1",
    "With `end_image`, **Still Video Latent** cross-fades from the first picture to the last. The ω curve keeps "
    "the fade out of the video: at the top in the middle, where frames go their own way, and down to 0 at the end, "
    "where the last frame is held to the last picture. The first frame is held whatever its ω.\n\n"
    "**Not carried** (`motion_compensation` 0): the model is shown both pictures and moves from one to the other; what "
    "is held is a fade, not a picture that could move.",
    start="**Your pictures** into the two Load Images, **what happens between them** into the prompt, **Run**. " + HERE,
    cost="files of 41 GB.",
    try_first=[
        "`pivot_frames` *0, -1*: both pictures are taken as known, and each frame follows the nearer one.",
        "Both pictures close in content; the second is cut to the size of the first.",
        "The last picture is missed: pull the curve down over the last quarter. The middle looks like a double "
        "exposure: lift it there, or `tau_end` 0.2.",
        IMAGE_ANCHOR,
    ],
    drawing=Drawing("rocket.jpg", "pan", "two pictures"),
)
def first_and_last_frame(graph: Graph) -> None:
    wan = load_wan(graph, "wan2.1_flf2v_720p_14B_fp16.safetensors")
    vision = graph.add("CLIPVisionLoader", clip_name="clip_vision_h.safetensors")
    graph.column("2  First and last picture", 340)
    first, size = fitted_picture(graph, 720, 1280, 33, "Put your first picture here")
    last = cut(graph, load_picture(graph, "Put your last picture here"), "As large", size["width"], size["height"])
    graph.collapse(last)
    seen_first, seen_last = (
        graph.add("CLIPVisionEncode", clip_vision=vision, image=picture, crop="none") for picture in (first, last)
    )
    graph.column(HOLD, 420)
    still = still_clip(graph, first, wan.vae, size, end_image=last)
    held = schedule(graph, tau_end=0.3, curve=([[0, 0.5], [0.5, 1], [1, 0]], "monotone_cubic"))
    graph.column("4  Prompt, sample", 380)
    positive, negative = prompts(graph, wan.clip)
    own = graph.add(
        "WanFirstLastFrameToVideo", positive=positive, negative=negative, vae=wan.vae,
        clip_vision_start_image=seen_first, clip_vision_end_image=seen_last, start_image=first, end_image=last, **size,
    )  # fmt: skip
    samples = graph.add("NRKSampler", model=wan.model, schedule=held, reference=still, **conditioned(own),
                        **steps(20, 3, "uni_pc"))  # fmt: skip
    watch(graph, samples, wan.vae, fps=16)


@workflow(
    "Hold the background, Wan 2.1",
    "The painted part is left to the model; the rest is rectified with ω = 0, held to the picture. Nothing painted: "
    "everything is held. **Still Video Latent** cuts mask and picture alike, so that they lie on one another.\n\n"
    "**Not carried** (`motion_compensation` 0): a background that is held stands still.",
    start="**Your picture** into Load Image; right-click it, **Open in MaskEditor**, paint over what may move. **What "
    "moves, and how** into the prompt, **Run**. Width, height and length are typed on Still Video Latent alone.",
    try_first=[
        "Paint generously: the subject needs room to move in.",
        "The background still swims: `tau_end` 1. The seam shows: `tau_end` 0.7, or `tau_ramp` 0.2.",
        "The camera should move, and the background with it: templates *Camera move*.",
        "Works with every model of this pack's templates: link `mask` in the same way.",
    ],
    drawing=Drawing("chelsea.png", "zoom in", "mask"),
)
def masked_hold_background(graph: Graph) -> None:
    wan = load_wan(graph, "wan2.1_t2v_1.3B_fp16.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = load_picture(graph, "Put your picture here, paint over the subject")
    positive, negative = prompts(
        graph, wan.clip,
        "The subject turns its head and looks around. The camera stands still, nothing else moves.",
        NEGATIVE + ", camera shake, moving background",
    )  # fmt: skip
    graph.column(HOLD, 420)
    background = graph.add("InvertMask", "Everything but the subject", mask=picture.slot(1))
    graph.collapse(background)
    size = {"width": 832, "height": 480, "length": 33}
    still = still_clip(graph, picture, wan.vae, size, mask=background)
    held = schedule(graph, tau_end=0.9, curve=FIRMLY)
    graph.column(SAMPLE, 340)
    samples = graph.add("NRKSampler", model=wan.model, positive=positive, negative=negative, latent_image=still,
                        schedule=held, mask=still.slot(1), **steps(30, 6, "uni_pc"))  # fmt: skip
    watch(graph, samples, wan.vae, fps=16)


@workflow(
    "Extend a clip in chunks, Wan 2.1",
    "**The last frame of one chunk is the picture of the next.** Each chunk starts where the one before it ended, so "
    "small errors of colour add up from chunk to chunk. `hold_colours` 1 on the schedule keeps them away, and "
    "`colour_reference` of the second sampler says what to hold the colours to: the *first* picture's latent."
    + CARRIED_BY_ITSELF
    + "It goes to both samplers.",
    start=DESCRIBE,
    try_first=[
        "A third chunk: copy the nodes of column 5, link the last frame of chunk 2 to its Still Video Latent, and "
        "`colour_reference` to the **first** Still Video Latent again. One more Join at the end.",
        "`tau_end` 0.7: " + LOOK_AND_ON + STIFF_OR_FREE,
        "Another prompt for each chunk: one more prompt node.",
        "The light is meant to change: `hold_colours` 0.5, or `colour_reference` unlinked.",
    ],
    drawing=Drawing("chelsea.png", "pan", "chunks"),
)
def extend_in_chunks(graph: Graph) -> None:
    wan = load_wan(graph, "wan2.1_t2v_1.3B_fp16.safetensors")
    given = picture_and_prompts(graph, wan.clip, 832, 480, 33)
    first_still, held = hold(graph, given, wan.vae, tau_end=0.7, hold_colours=1.0, **CARRIED)
    graph.column("4  First chunk", 340)
    sampling = {"model": wan.model, "positive": given.positive, "negative": given.negative, "schedule": held,
                "vae": wan.vae, **steps(30, 6, "uni_pc")}  # fmt: skip
    samples = graph.add("NRKSampler", latent_image=first_still, **sampling)
    first = graph.add("VAEDecode", samples=samples, vae=wan.vae)
    last_frame = graph.add("ImageFromBatch", "Last frame", image=first, batch_index=LAST, length=1)
    graph.column("5  Second chunk", 340)
    still = still_clip(graph, last_frame, wan.vae, given.size, "Still Video Latent: last frame")
    samples = graph.add("NRKSampler", latent_image=still, colour_reference=first_still, **{**sampling, "seed": 8})
    second = graph.add("VAEDecode", samples=samples, vae=wan.vae)
    graph.column("6  Join and watch", 420)
    rest = graph.add("ImageFromBatch", "All but the frame that both have", image=second, batch_index=1, length=4096)
    joined = graph.add("ImageBatch", "Join", image1=first, image2=rest)
    save_video(graph, joined, fps=16, name="extended")


@workflow(
    "HunyuanVideo, image to video",
    HELD_FRAME + CARRIED_BY_ITSELF + "`cfg` is 1, without a negative prompt: *FluxGuidance* guides this model.",
    try_first=[
        "`tau_end` 0.6: " + LOOK_AND_ON + STIFF_OR_FREE,
        STILL_AGAIN,
        IMAGE_ANCHOR,
        "With the model's first version (hunyuan_video_image_to_video_720p_bf16): `guidance_type` *v1 (concat)*.",
    ],
    drawing=Drawing("astronaut.png", "pan"),
)
def hunyuan_video_image_to_video(graph: Graph) -> None:
    graph.column(LOAD, 360)
    model = diffusion_model(graph, "hunyuan_video_v2_replace_image_to_video_720p_bf16.safetensors", shift=7)
    clip = graph.add("DualCLIPLoader", clip_name1="clip_l.safetensors",
                     clip_name2="llava_llama3_fp8_scaled.safetensors", type="hunyuan_video")  # fmt: skip
    vision = graph.add("CLIPVisionLoader", clip_name="llava_llama3_vision.safetensors")
    vae = graph.add("VAELoader", vae_name="hunyuan_video_vae_bf16.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture, size = fitted_picture(graph, 720, 720, 53)
    seen = graph.add("CLIPVisionEncode", clip_vision=vision, image=picture, crop="none")
    prompt = graph.add("TextEncodeHunyuanVideo_ImageToVideo", "Prompt: what moves, and how", clip=clip,
                       clip_vision_output=seen, prompt=PROMPT)  # fmt: skip
    graph.column(HOLD, 420)
    still = still_clip(graph, picture, vae, size)
    held = schedule(graph, tau_end=0.6, **CARRIED)
    graph.column(SAMPLE, 340)
    own = graph.add("HunyuanImageToVideo", positive=prompt, vae=vae, start_image=picture,
                    guidance_type="v2 (replace)", **size)  # fmt: skip
    guidance = graph.add("FluxGuidance", conditioning=own, guidance=6)
    samples = graph.add("NRKSampler", model=model, positive=guidance, negative=guidance, latent_image=own.slot(1),
                        schedule=held, reference=still, vae=vae, **steps(20, 1))  # fmt: skip
    watch(graph, samples, vae, fps=24)


@workflow(
    "HunyuanVideo 1.5, image to video",
    CARRIED_BETWEEN + KEEPS_ITS_SAMPLER,
    cost="files of 45 GB.",
    try_first=[
        "The look comes after eight of 20 steps, when layout and motion are settled (*SplitSigmas*); with shift 5 "
        "after six. Later: the motion is clearer, and less is left to be held.",
        "`tau_end` counts the second stage alone: 0.3 are four of its 12 steps. " + STIFF_OR_FREE,
        "`amount` 0.5: half as far; 1.5: further.",
        "Short of memory: length 61, or 848x480 with the 480p model (shift 5).",
    ],
    drawing=Drawing("coffee.png", "zoom in"),
)
def hunyuan_video_15(graph: Graph) -> None:
    graph.column(LOAD, 360)
    shifted = diffusion_model(graph, "hunyuanvideo1.5_720p_i2v_fp16.safetensors", shift=7)
    clip = graph.add("DualCLIPLoader", clip_name1="qwen_2.5_vl_7b_fp8_scaled.safetensors",
                     clip_name2="byt5_small_glyphxl_fp16.safetensors", type="hunyuan_video_15")  # fmt: skip
    vision = graph.add("CLIPVisionLoader", clip_name="sigclip_vision_patch14_384.safetensors")
    vae = graph.add("VAELoader", vae_name="hunyuanvideo15_vae_fp16.safetensors")
    given = picture_and_prompts(graph, clip, 1280, 720, 121, negative="", vision=vision, crop="center")
    watch(graph, hunyuan_15_carried(graph, shifted, given, vae), vae, fps=24, title=WATCH_CARRIED)


def hunyuan_15_carried(graph: Graph, shifted: Output, given: Given, vae: Output) -> Output:
    """HunyuanVideo 1.5's 20 steps, with a look after eight of them."""
    graph.column(SETTLE, 340)
    own = graph.add("HunyuanVideo15ImageToVideo", positive=given.positive, negative=given.negative, vae=vae,
                    start_image=given.picture, clip_vision_output=given.seen, **given.size)  # fmt: skip
    return carried_sampling(graph, shifted, given.picture, vae, own.slot(2), "CFGGuider", look_at=8, tau_end=0.3,
                            positive=own, negative=own.slot(1), cfg=6)  # fmt: skip


@workflow(
    "LTX-Video, image to video",
    HELD_FRAME + " Lengths are 8n+1.\n\n**Apply Noise Rectification** patches the model, so LTX-Video keeps its "
    "own scheduler.\n\n**Not carried** (`motion_compensation` 0, the paper's ω): under this sampler that takes two "
    "stages, and the first frame, which is held, put in again between them, as in *LTX-2.3, image to video with "
    "sound*.",
    cost="files of 19 GB.",
    try_first=[
        "`strength` 0.15 on the model's own node holds the first frame softly, as its users know it; rectification "
        "adds to it over the whole clip.",
        "`tau_end` 0.3. " + MORE_OR_LESS,
        IMAGE_ANCHOR,
    ],
    drawing=Drawing("chelsea.png", "turn"),
)
def ltx_video(graph: Graph) -> None:
    graph.column(LOAD, 350)
    model = graph.add("CheckpointLoaderSimple", ckpt_name="ltx-video-2b-v0.9.5.safetensors")
    vae = model.slot(2)
    clip = graph.add("CLIPLoader", clip_name="t5xxl_fp16.safetensors", type="ltxv")
    given = picture_and_prompts(graph, clip, 768, 512, 97)
    still, held = hold(graph, given, vae, tau_end=0.3)
    rectified = graph.add("NRApply", model=model, schedule=held, reference=still)
    graph.column(SAMPLE, 340)
    own = graph.add("LTXVImgToVideo", positive=given.positive, negative=given.negative, vae=vae,
                    image=given.picture, strength=0.15, **given.size)  # fmt: skip
    at_rate = graph.add("LTXVConditioning", positive=own, negative=own.slot(1), frame_rate=25)
    sampler = graph.add("KSamplerSelect", sampler_name="euler")
    sigmas = graph.add("LTXVScheduler", steps=30, max_shift=2.05, base_shift=0.95, stretch=True, terminal=0.1,
                       latent=own.slot(2))  # fmt: skip
    samples = graph.add(
        "SamplerCustom", model=rectified, add_noise=True, noise_seed=7, cfg=3, positive=at_rate,
        negative=at_rate.slot(1), sampler=sampler, sigmas=sigmas, latent_image=own.slot(2),
    )  # fmt: skip
    watch(graph, samples, vae, fps=24)


@workflow(
    "Cosmos Predict2, image to video",
    HELD_FRAME + CARRIED_BY_ITSELF,
    try_first=[
        "This model wants its own size and length: 848x480, 93 frames.",
        "`tau_end` 0.4: " + LOOK_AND_ON + STIFF_OR_FREE,
        STILL_AGAIN,
        IMAGE_ANCHOR,
    ],
    drawing=Drawing("hubble_deep_field.jpg", "zoom in"),
)
def cosmos_predict2(graph: Graph) -> None:
    graph.column(LOAD, 360)
    model = graph.add("UNETLoader", unet_name="cosmos_predict2_2B_video2world_480p_16fps.safetensors")
    clip = graph.add("CLIPLoader", clip_name="oldt5_xxl_fp8_e4m3fn_scaled.safetensors", type="cosmos")
    vae = graph.add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    given = picture_and_prompts(graph, clip, 848, 480, 93)
    still, held = hold(graph, given, vae, tau_end=0.4, **CARRIED)
    graph.column(SAMPLE, 340)
    own = graph.add("CosmosPredict2ImageToVideoLatent", vae=vae, start_image=given.picture, **given.size)
    samples = graph.add("NRKSampler", model=model, positive=given.positive, negative=given.negative, latent_image=own,
                        schedule=held, reference=still, vae=vae, **steps(35, 4, scheduler="karras"))  # fmt: skip
    watch(graph, samples, vae, fps=16)


@workflow(
    "Mochi text to video, given a picture",
    "Mochi has no image-to-video model. **Still Video Latent** goes straight to the sampler's `latent_image`: "
    "noise rectification alone turns text-to-video into image-to-video." + CARRIED_BY_ITSELF,
    start=DESCRIBE,
    try_first=[
        "`tau_end` 0.55: " + LOOK_AND_ON + STIFF_OR_FREE,
        STILL_AGAIN,
        IMAGE_ANCHOR,
        "Six frames share one latent frame: lengths are 6n+1, and ω of a latent frame counts for all of its six.",
    ],
    drawing=Drawing("moon.png", "pan"),
)
def mochi_text_to_video_as_image_to_video(graph: Graph) -> None:
    graph.column(LOAD, 350)
    model = graph.add("UNETLoader", unet_name="mochi_preview_bf16.safetensors")
    clip = graph.add("CLIPLoader", clip_name="t5xxl_fp16.safetensors", type="mochi")
    vae = graph.add("VAELoader", vae_name="mochi_vae.safetensors")
    given = picture_and_prompts(graph, clip, 848, 480, 37)
    still, held = hold(graph, given, vae, tau_end=0.55, **CARRIED)
    graph.column(SAMPLE, 340)
    samples = graph.add("NRKSampler", model=model, positive=given.positive, negative=given.negative,
                        latent_image=still, schedule=held, vae=vae, **steps(30, 4.5))  # fmt: skip
    watch(graph, samples, vae, fps=24)


@workflow(
    "Stable Video Diffusion, image to video",
    EMPTY_LATENT + CARRIED_BY_ITSELF,
    start="**Your picture** into Load Image, **Run**; this model takes no prompt. " + HERE,
    try_first=[
        "`tau_end` 0.6: with this scheduler the first third of the steps is spent where nothing of the picture can "
        "be seen yet. " + STIFF_OR_FREE,
        STILL_AGAIN,
        IMAGE_ANCHOR,
        "Much motion wanted: `motion_bucket_id` up, and let τ keep the picture.",
        "svd_xt: length 25.",
    ],
    drawing=Drawing("rocket.jpg", "pan"),
)
def svd(graph: Graph) -> None:
    graph.column(LOAD, 380)
    loaded = graph.add("ImageOnlyCheckpointLoader", ckpt_name="svd.safetensors")
    model = graph.add("VideoLinearCFGGuidance", model=loaded, min_cfg=1)
    vision, vae = loaded.slot(1), loaded.slot(2)
    graph.column("2  Picture", 380)
    picture, size = fitted_picture(graph, 1024, 576, 14)
    graph.column(HOLD, 420)
    still = still_clip(graph, picture, vae, size)
    held = schedule(graph, tau_end=0.6, **CARRIED)
    graph.column(SAMPLE, 340)
    own = graph.add("SVD_img2vid_Conditioning", clip_vision=vision, init_image=picture, vae=vae, width=size["width"],
                    height=size["height"], video_frames=size["length"], motion_bucket_id=127, fps=6,
                    augmentation_level=0)  # fmt: skip
    samples = graph.add("NRKSampler", model=model, schedule=held, reference=still, vae=vae, **conditioned(own),
                        **steps(20, 2.5, scheduler="karras"))  # fmt: skip
    watch(graph, samples, vae, fps=10)


@workflow(
    "AnimateDiff, given a picture",
    "The kind of model that the paper worked with: text to video, turned into image to video by noise "
    "rectification alone. The picture's latent, 16 times, goes to `latent_image`.\n\n**Not carried** "
    "(`motion_compensation` 0): the paper's own ω, τ and anchor, on its own kind of model.\n\nNeeds the pack "
    "**AnimateDiff-Evolved** for its loader; any SD 1.5 checkpoint and motion module will do.",
    start=DESCRIBE,
    try_first=[
        MORE_OR_LESS,
        "Carried along its motion, as the other models here: **link the VAE** to the sampler, `motion_compensation` 1, "
        "ω flat at 0, `tau_end` 0.7, `anchor` *image*.",
        "Flicker between frames: **Noise Image Latent** before the sampler, `noise_type` *blended*.",
        "Keep to 16 frames without context options.",
    ],
    checked=RUN_IN_PART,
    drawing=Drawing("astronaut.png", "turn"),
)
def animatediff(graph: Graph) -> None:
    graph.column(LOAD, 350)
    loaded = graph.add("CheckpointLoaderSimple", ckpt_name="v1-5-pruned-emaonly-fp16.safetensors")
    clip, vae = loaded.slot(1), loaded.slot(2)
    model = graph.add("ADE_AnimateDiffLoaderGen1", model=loaded, model_name="mm_sd_v15_v2.ckpt",
                      beta_schedule="autoselect")  # fmt: skip
    given = picture_and_prompts(graph, clip, 512, 512, 16)
    still, held = hold(graph, given, vae, anchor="reference noise")
    graph.column(SAMPLE, 340)
    samples = graph.add("NRKSampler", model=model, positive=given.positive, negative=given.negative,
                        latent_image=still, schedule=held, **steps(20, 7.5, scheduler="normal"))  # fmt: skip
    watch(graph, samples, vae, fps=8)


@workflow(
    "Image to image, SD 1.5",
    "A clip of one frame: the same idea keeps a *picture* true to its source. `denoise` stays at 1, so colours and "
    "style are free to change; how much of the layout stays is said by the schedule.\n\n**Not carried** "
    "(`motion_compensation` 0): nothing moves in one frame.",
    start="**Your picture** into Load Image, **how it shall look** into the prompt, **Run**.",
    try_first=[
        "`strength` 0.5 with `tau_end` 0.6. More of the source: `strength` up. More of the prompt: `tau_end` 0.3.",
        "The ω curve has no say here: one frame is its own pivot and is always held by `strength` alone.",
        "A `mask` holds parts of the picture only.",
    ],
    drawing=Drawing("astronaut.png", "pan", "one picture"),
)
def image_to_image(graph: Graph) -> None:
    graph.column(LOAD, 350)
    model = graph.add("CheckpointLoaderSimple", ckpt_name="v1-5-pruned-emaonly-fp16.safetensors")
    clip, vae = model.slot(1), model.slot(2)
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = load_picture(graph)
    positive, negative = prompts(
        graph, clip, "an oil painting, thick brush strokes, warm evening light", "photo, text, watermark, blurry"
    )
    graph.column("3  What the picture is held to", 420)
    still = still_clip(graph, picture, vae, {"width": 512, "height": 512, "length": 1})
    held = schedule(graph, anchor="reference noise", strength=0.5)
    graph.column(SAMPLE, 340)
    samples = graph.add("NRKSampler", model=model, positive=positive, negative=negative, latent_image=still,
                        schedule=held, **steps(20, 8, "dpmpp_2m", "normal"))  # fmt: skip
    graph.column("5  Look", 420)
    graph.add("SaveImage", images=graph.add("VAEDecode", samples=samples, vae=vae), filename_prefix="rectified")
