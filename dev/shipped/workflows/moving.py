"""Workflows in which the picture is moved in pixels, and the video is held to the moving clip."""

from __future__ import annotations

from .graph import Graph, Output
from .newer_models import (
    LTX_COST,
    LTX_SIZES,
    LTX_START,
    SOUND_IS_LEFT,
    load_ltx,
    ltx_enlarged,
    ltx_large,
    ltx_small,
    ltx_watch,
)
from .parts import (
    FIRMLY,
    LOAD,
    PICTURE_AND_PROMPT,
    SAMPLE,
    load_picture,
    picture_and_prompts,
    prompts,
    scaled,
    schedule,
    size_of,
    steps,
    still_clip,
    video_length,
    watch,
    workflow,
)
from .recipes import WAN_22_COST, by_both_experts, wan22_expert
from .thumbnails import Drawing

A_PATH = "0, 0; 60, -60; 180, -80"
OUT_AND_BACK = ([[0, 0], [1 / 3, 1], [2 / 3, 1], [1, 0]], "linear")  # ω of a loop
SOFTLY = {"tau_end": 1.0, "strength": 0.5}  # to the end: nearest to the clip of all that was measured (moved.md)
WHAT_IS_NEW = (
    "`visible` goes the same way, to the sampler's `mask`: where the motion uncovers what the picture does not show, "
    "the model paints alone. The clip moves by itself: `motion_compensation` stays 0, and `vae` is not linked."
)
FILMED = (
    "**Camera Move** films the picture: pan, tilt, zoom, roll, whatever the model's own idea of motion. **Still Video "
    "Latent** takes the moving clip in place of the picture, and every frame is held to its own picture of it. "
    + WHAT_IS_NEW
)
DRAFTED = (
    "A quick **draft** shows how things move, but not your picture. **Move Picture Like Video** moves the picture "
    "itself along that motion, in pixels, so that no detail is lost. The **final** video is held to the moved clip. "
    + WHAT_IS_NEW
)
DRAGGED = (
    "**Drag Picture** cuts a part out of the picture and takes it along a path. **Still Video Latent** takes the "
    "moving clip in place of the picture, and every frame is held to its own picture of it. " + WHAT_IS_NEW
)
DRAG_KNOBS = [
    "`path`: points in pixels of your picture; only the way from the first one counts. Or link a spline editor's "
    "coordinates. The preview on the node shows where the part goes: bypass the samplers, press Run.",
    "Two parts: two masks in a batch, two lines in `path`.",
    "Say in the prompt what moves, and where to: the two then pull in one direction.",
]
CAMERA_KNOBS = [
    "**pan** 0.2: the camera goes to the right by a fifth of the width. **tilt**: up. **zoom** 1.2: a fifth closer. "
    "**roll**: degrees. Negative numbers go the other way; a zoom below 1 goes back.",
    "The preview on the node shows the move before anything is sampled: bypass the sampler, press Run.",
]
FREER = "The video looks glued on, nothing lives in it: `tau_end` down by 0.2. It goes its own way: `tau_end` up."
SOFTER = (
    "Held softly (`strength` 0.5) to the end (`tau_end` 1). The video looks glued on, nothing lives in it: `strength` "
    "0.25, or `tau_end` 0.6. It goes its own way: `strength` up."
)
DRAFT_KNOBS = [
    "Look at the draft first: its motion is all that is taken from it. Another seed is another motion.",
    "`amount` 0.5: half as far. 1.5: further.",
    "Any other video in place of the draft: Load Video → Get Video Components → `video`.",
]


def held_to_clip(graph: Graph, title: str, clip: Output, vae: Output, size: dict, **settings: float) -> tuple:
    """The moving clip's latent, with what is visible in it beside, and the schedule."""
    graph.column(title, 420)
    still = still_clip(graph, clip, vae, size, "Still Video Latent: of the moving clip", mask=clip.slot(1))
    return still, schedule(graph, anchor="image", curve=FIRMLY, **settings)


@workflow(
    "2 Camera move, on the demo model",
    FILMED,
    start="**Press Run.** Left the clip that is asked for, right the video. Nothing to download; a CPU will do.",
    try_first=[
        *CAMERA_KNOBS,
        SOFTER,
        "The demo model knows a few motions by name; a move that is near to its own word comes out best.",
    ],
    checked="",
    drawing=Drawing("coffee.png", "zoom in", "camera"),
)
def demo_camera_move(graph: Graph) -> None:
    graph.column("1  Picture and prompt", 310)
    model = graph.add("NRLoadDemoModel")
    picture = graph.add("NRDemoPicture", picture="coffee")
    prompt = graph.add("NRDemoPrompt", motion="zoom in")
    length = video_length(graph, 16)
    graph.column("2  The camera", 320)
    filmed = graph.add("NRCameraMove", image=picture, length=length, pan=0.12, tilt=0.08, zoom=1.15, easing="linear")
    still, held = held_to_clip(graph, "3  Held to the moving clip", filmed, model.slot(1),
                               {"length": length, "width": 64, "height": 64}, **SOFTLY)  # fmt: skip
    graph.column(SAMPLE, 340)
    video = graph.add("NRKSampler", model=model, positive=prompt, negative=prompt.slot(1), latent_image=still,
                      schedule=held, mask=still.slot(1), **steps(20, 1.25, scheduler="normal"))  # fmt: skip
    frames = graph.add("VAEDecode", samples=video, vae=model.slot(1))
    graph.column("5  What was asked for  |  the video", under=(0, 1))
    saved = show_side_by_side(graph, [filmed, frames], "camera_move", "What was asked for  |  the video")
    app(graph, [(picture, "picture"), (prompt, "motion"), (filmed, "pan tilt zoom roll")], held, saved)


@workflow(
    "3 Draft and final, on the demo model",
    DRAFTED,
    start="**Press Run.** The draft, the moved picture and the final video, side by side. Nothing to download; a CPU "
    "will do.",
    try_first=[
        *DRAFT_KNOBS,
        SOFTER,
    ],
    checked="",
    drawing=Drawing("coffee.png", "pan", "draft"),
)
def demo_draft_and_final(graph: Graph) -> None:
    graph.column("1  Picture and motion", 300)
    model = graph.add("NRLoadDemoModel")
    vae = model.slot(1)
    picture = graph.add("NRDemoPicture", picture="coffee")
    prompt = graph.add("NRDemoPrompt", motion="pan left")
    prompts = {"positive": prompt, "negative": prompt.slot(1)}
    size = {"length": video_length(graph, 16), **size_of(graph, picture, 64, 64)}
    graph.column("2  A draft of 8 steps", 300)
    start = still_clip(graph, picture, vae, size)
    draft = graph.add("KSampler", "Draft", model=model, latent_image=start, **prompts,
                      **steps(8, 1.25, scheduler="normal"))  # fmt: skip
    drafted = graph.add("VAEDecode", samples=draft, vae=vae)
    graph.column("3  The picture, moved like it", 300)
    moved = graph.add("NRMovePicture", image=picture, video=drafted)
    still, held = held_to_clip(graph, "4  Held to the moved clip", moved, vae, size, **SOFTLY)
    graph.column("5  The final video", 310)
    final = graph.add("NRKSampler", "Rectified KSampler: final", model=model, latent_image=still, schedule=held,
                      mask=still.slot(1), **prompts, **steps(20, 1.25, scheduler="normal"))  # fmt: skip
    frames = graph.add("VAEDecode", samples=final, vae=vae)
    graph.collapse(drafted, frames)
    graph.column("6  Draft  |  moved picture  |  final", under=(1, 2))
    saved = show_side_by_side(graph, [drafted, moved, frames], "draft_and_final", "Draft  |  moved  |  final")
    app(graph, [(picture, "picture"), (prompt, "motion"), (moved, "amount")], held, saved)


@workflow(
    "4 Keyframes, on the demo model",
    "Three pictures, each at its own frame. **Keyframe Video Latent** makes one clip of them: between two pictures "
    "each frame is both, moved towards one another where the motion is found, cross-faded where it is not. The video "
    "is held to that, and `pivot_frames` tells the schedule where a picture is known. Here the three come out of a "
    "camera move over one picture; take your own. The clip moves by itself: `motion_compensation` stays 0.",
    start="**Press Run.** Left the clip of the keyframes, right the video. Nothing to download; a CPU will do.",
    try_first=[
        "Your own pictures: Load Image for each, into Batch Images, in the order of their `places`.",
        "`places` *0, 4, -1*: the second picture comes sooner. -1 is the last frame; any number of pictures.",
        "`strengths` *1, 0.3, 1*: the middle one is a hint. One number counts for all.",
        SOFTER,
        "Pictures that have nothing in common are cross-faded: `strength` 0.25, so that the model finds a way.",
    ],
    checked="",
    drawing=Drawing("coffee.png", "pan", "two pictures"),
)
def demo_keyframes(graph: Graph) -> None:
    graph.column("1  Three pictures, and a prompt", 310)
    model = graph.add("NRLoadDemoModel")
    vae = model.slot(1)
    picture = graph.add("NRDemoPicture", picture="coffee")
    length = video_length(graph, 16)
    filmed = graph.add("NRCameraMove", "Only to have three pictures", image=picture, length=length, pan=0.12, zoom=1.15)
    first, middle, last = (graph.add("ImageFromBatch", image=filmed, batch_index=n, length=1) for n in (0, 8, 15))
    two = graph.add("ImageBatch", image1=first, image2=middle)
    pictures = graph.add("ImageBatch", "Your pictures, as a batch", image1=two, image2=last)
    prompt = graph.add("NRDemoPrompt", motion="zoom in")
    graph.collapse(first, middle, last, two)
    graph.column("2  One clip of them", 420)
    clip = graph.add("NRKeyframeLatent", images=pictures, vae=vae, places="0, 8, -1", strengths="1", length=length,
                     width=64, height=64)  # fmt: skip
    held = schedule(graph, anchor="image", curve=FIRMLY, pivot_frames=clip.slot(2), **SOFTLY)
    graph.column("3  Sample", 340)
    video = graph.add("NRKSampler", model=model, positive=prompt, negative=prompt.slot(1), latent_image=clip,
                      schedule=held, mask=clip.slot(1), **steps(20, 1.25, scheduler="normal"))  # fmt: skip
    frames = graph.add("VAEDecode", samples=video, vae=vae)
    graph.collapse(frames)
    graph.column("4  The keyframes' clip  |  the video", under=(0, 1))
    saved = show_side_by_side(graph, [clip.slot(3), frames], "keyframes", "What was asked for  |  the video")
    app(graph, [(clip, "places strengths")], held, saved)


@workflow(
    "5 Drag a part, on the demo model",
    DRAGGED,
    start="**Press Run.** Left the clip that is asked for, right the video. Nothing to download; a CPU will do.",
    try_first=[
        "`path` *25, 26; 45, 26*: straight to the right. Points are pixels of the picture, from its upper left corner; "
        "only the way from the first one counts. Or link a spline editor's coordinates.",
        "Your own picture: Load Image, right-click it, paint the part in the mask editor, link its mask to `part`.",
        "Two parts: two masks in a batch, two lines in `path`.",
        "The camera, too: **Camera Move** between the two, `frames` to its `image` and `visible` to its `mask`.",
        SOFTER,
    ],
    checked="",
    drawing=Drawing("rocket.jpg", "zoom in", "part"),
)
def demo_drag(graph: Graph) -> None:
    graph.column("1  Picture and prompt", 310)
    model = graph.add("NRLoadDemoModel")
    picture = graph.add("NRDemoPicture", picture="disc")
    prompt = graph.add("NRDemoPrompt", motion="drift right")
    length = video_length(graph, 16)
    graph.column("2  The part, and its path", 320)
    blue = graph.add("ImageToMask", image=picture, channel="blue")
    bluest = graph.add("ThresholdMask", mask=blue, value=0.5)
    disc = graph.add("GrowMask", "The part: what is blue", mask=bluest, expand=1, tapered_corners=True)
    graph.collapse(blue, bluest, disc)
    dragged = graph.add("NRDragPicture", image=picture, part=disc, length=length, width=64, height=64,
                        path="25, 26; 36, 20; 42, 28; 44, 38")  # fmt: skip
    size = size_of(graph, dragged, 64, 64) | {"length": length}
    still, held = held_to_clip(graph, "3  Held to the moving clip", dragged, model.slot(1), size, **SOFTLY)
    graph.column(SAMPLE, 340)
    video = graph.add("NRKSampler", model=model, positive=prompt, negative=prompt.slot(1), latent_image=still,
                      schedule=held, mask=still.slot(1), **steps(20, 1.25, scheduler="normal"))  # fmt: skip
    frames = graph.add("VAEDecode", samples=video, vae=model.slot(1))
    graph.column("5  What was asked for  |  the video", under=(0, 1))
    saved = show_side_by_side(graph, [dragged, frames], "drag", "What was asked for  |  the video")
    app(graph, [(prompt, "motion"), (dragged, "path easing")], held, saved)


@workflow(
    "6 Loop, on the demo model",
    "The same picture first and last: **Still Video Latent** takes it as `image` and as `end_image`, and "
    "`pivot_frames` *0, -1* tells the schedule of both. ω is 0 at the ends and 1 between, so that the motion goes out "
    "and comes back; `tau_end` is 1, since a hold that ends sooner lets the two ends drift apart. The last frame is "
    "the first one again and is left out. Carried: `motion_compensation` 1, and **the VAE linked**.",
    start="**Press Run**, and watch the join. Nothing to download; a CPU will do.",
    try_first=[
        "Moves too little: pull the middle of the curve wider. Too wild: its middle down.",
        "Your own model: its loaders and prompts in place of the demo's. A model with a last picture of its own "
        "(*First and last picture, Wan 2.1*) gets the same picture there, too.",
        "**Video Fidelity Report** of the clip twice in a row, with the second one's first picture in `joins`, "
        "measures the join.",
    ],
    checked="",
    drawing=Drawing("coffee.png", "turn", "loop"),
)
def demo_loop(graph: Graph) -> None:
    graph.column("1  Picture and prompt", 310)
    model = graph.add("NRLoadDemoModel")
    vae = model.slot(1)
    picture = graph.add("NRDemoPicture", picture="coffee")
    prompt = graph.add("NRDemoPrompt", motion="turn right")
    length = video_length(graph, 16)
    graph.column("2  The picture at both ends", 420)
    still = still_clip(graph, picture, vae, {"length": length, "width": 64, "height": 64}, end_image=picture)
    held = schedule(graph, curve=OUT_AND_BACK, pivot_frames="0, -1", tau_end=1.0, motion_compensation=1.0)
    graph.column(SAMPLE, 340)
    video = graph.add("NRKSampler", model=model, positive=prompt, negative=prompt.slot(1), latent_image=still,
                      schedule=held, vae=vae, **steps(20, 1.25, scheduler="normal"))  # fmt: skip
    frames = graph.add("VAEDecode", samples=video, vae=vae)
    loop = graph.add("ImageFromBatch", "Without the last frame", image=frames, batch_index=0, length=15)
    graph.collapse(frames)
    graph.column("4  Watch", under=(0, 1))
    saved = show_side_by_side(graph, [loop, loop], "loop", "The loop  |  and once more")
    app(graph, [(picture, "picture"), (prompt, "motion")], held, saved)


def show_side_by_side(graph: Graph, clips: list[Output], name: str, words: str) -> Output:
    """Clips of the demo model beside each other, four times enlarged; words: what they are, from left to right."""
    whole = clips[0]
    for clip in clips[1:]:
        whole = graph.add("ImageStitch", "Side by side", image1=whole, image2=clip, direction="right",
                          match_image_size=True, spacing_width=4)  # fmt: skip
        graph.collapse(whole)
    enlarged = graph.add("ImageScaleBy", "Enlarge", image=whole, upscale_method="nearest-exact", scale_by=4.0)
    graph.collapse(enlarged)
    return graph.add("SaveAnimatedWEBP", words, images=enlarged, filename_prefix=name, fps=8.0, lossless=True,
                     quality=90, method="default")  # fmt: skip


def app(graph: Graph, changed: list[tuple[Output, str]], held: Output, saved: Output) -> None:
    """The demo as an app: what a person changes (nodes, and the names of their inputs), and how firmly all is held."""
    inputs = [(node, name) for node, names in changed for name in names.split()]
    graph.show_as_app([*inputs, (held, "omega_curve"), (held, "tau_end"), (held, "strength")], [saved])


@workflow(
    "Camera move, Wan 2.2 14B",
    FILMED + " The clip goes to `reference`; the model's own node still gets the picture itself.",
    cost=WAN_22_COST + "about 9 minutes.",
    try_first=[
        *CAMERA_KNOBS,
        "`tau_end` 0.5: the high-noise expert all through, which decides the motion; the other one is left alone, and "
        "finds the fine details. " + FREER,
        "Say the same move in the prompt: the two then pull in one direction.",
    ],
    drawing=Drawing("rocket.jpg", "pan", "camera"),
)
def wan22_camera_move(graph: Graph) -> None:
    graph.column(LOAD, 360)
    high, low = (wan22_expert(graph, noise, few_steps=False) for noise in ("high", "low"))
    clip = graph.add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan")
    vae = graph.add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    given = picture_and_prompts(graph, clip, 640, 640, 81)
    graph.column("3  The camera", 340)
    filmed = graph.add("NRCameraMove", image=given.picture, length=given.size["length"], pan=0.15, zoom=1.15)
    still, held = held_to_clip(graph, "4  Held to the moving clip", filmed, vae, given.size, tau_end=0.5)
    graph.column("5  Sample", 360)
    own = graph.add("WanImageToVideo", positive=given.positive, negative=given.negative, vae=vae,
                    start_image=given.picture, **given.size)  # fmt: skip
    rectified = {"schedule": held, "reference": still, "mask": still.slot(1)}
    watch(graph, by_both_experts(graph, "NRKSamplerAdvanced", high, low, own, 20, 3.5, rectified), vae, fps=16)


@workflow(
    "Drag a part, Wan 2.2 14B",
    DRAGGED + " The clip goes to `reference`; the model's own node still gets the picture itself.",
    start="**Your picture** into Load Image; right-click it, **Open in MaskEditor**, paint over the part that shall go "
    "(until then Drag Picture says that its mask is black). **Where to** into `path`, **what moves** into the prompt, "
    "**Run**. Width and height are typed on Drag Picture alone.",
    cost=WAN_22_COST + "about 9 minutes.",
    try_first=[
        *DRAG_KNOBS,
        "`tau_end` 0.5: the high-noise expert all through, which decides the motion; the other one is left alone, and "
        "finds the fine details. " + FREER,
    ],
    drawing=Drawing("rocket.jpg", "zoom in", "part"),
)
def wan22_drag(graph: Graph) -> None:
    graph.column(LOAD, 360)
    high, low = (wan22_expert(graph, noise, few_steps=False) for noise in ("high", "low"))
    clip = graph.add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan")
    vae = graph.add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    graph.column(PICTURE_AND_PROMPT, 380)
    picture = load_picture(graph, "Put your picture here, paint over the part")
    positive, negative = prompts(graph, clip)
    length = video_length(graph, 81)
    graph.column("3  The part, and its path", 340)
    dragged = graph.add("NRDragPicture", image=picture, part=picture.slot(1), path=A_PATH, length=length,
                        width=640, height=640)  # fmt: skip
    size = size_of(graph, dragged, 640, 640) | {"length": length}
    still, held = held_to_clip(graph, "4  Held to the moving clip", dragged, vae, size, tau_end=0.5)
    graph.column("5  Sample", 360)
    own = graph.add("WanImageToVideo", positive=positive, negative=negative, vae=vae, start_image=picture, **size)
    rectified = {"schedule": held, "reference": still, "mask": still.slot(1)}
    watch(graph, by_both_experts(graph, "NRKSamplerAdvanced", high, low, own, 20, 3.5, rectified), vae, fps=16)


@workflow(
    "Draft and final, Wan 2.2 14B",
    DRAFTED + " The draft is half as wide and as high, and made in 4 steps.",
    cost=WAN_22_COST + "about 9 minutes; the draft is less.",
    try_first=[*DRAFT_KNOBS, "`tau_end` 0.5: the high-noise expert all through, the other left alone. " + FREER],
    drawing=Drawing("astronaut.png", "turn", "draft"),
)
def wan22_draft_and_final(graph: Graph) -> None:
    graph.column(LOAD, 360)
    experts = [wan22_expert(graph, noise, few_steps) for few_steps in (True, False) for noise in ("high", "low")]
    clip = graph.add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan")
    vae = graph.add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    given = picture_and_prompts(graph, clip, 640, 640, 81)
    small, small_size = scaled(graph, given.picture, 0.5, "The draft's", 640, 640)
    graph.column("3  A draft of 4 steps", 360)
    prompts = {"positive": given.positive, "negative": given.negative, "vae": vae, "length": given.size["length"]}
    own_small = graph.add("WanImageToVideo", "WanImageToVideo: draft", start_image=small, **prompts, **small_size)
    draft = by_both_experts(graph, "KSamplerAdvanced", *experts[:2], own_small, 4, 1.0, {})
    drafted = graph.add("VAEDecode", samples=draft, vae=vae)
    graph.column("4  The picture, moved like it", under=(2, 2))
    moved = graph.add("NRMovePicture", image=given.picture, video=drafted)
    still, held = held_to_clip(graph, "5  Held to the moved clip", moved, vae, given.size, tau_end=0.5)
    graph.column("6  The final video", 360)
    own = graph.add("WanImageToVideo", start_image=given.picture, **{**prompts, **given.size})
    rectified = {"schedule": held, "reference": still, "mask": still.slot(1)}
    final = by_both_experts(graph, "NRKSamplerAdvanced", *experts[2:], own, 20, 3.5, rectified)
    watch(graph, final, vae, fps=16, title="7  Watch")


@workflow(
    "Camera move, LTX-2.3",
    FILMED
    + " The first, small stage is held to the moving clip; the second starts from what it made. "
    + SOUND_IS_LEFT,
    try_first=[
        *CAMERA_KNOBS,
        "`tau_end` 0.6 rectifies the five of 8 steps that stay above σ 0.9; 0.9 rectifies seven. " + FREER,
        LTX_SIZES,
    ],
    start=LTX_START,
    cost=LTX_COST,
    needs="0.16.0",
    drawing=Drawing("chelsea.png", "pan", "camera"),
)
def ltx_camera_move(graph: Graph) -> None:
    ltx = load_ltx(graph)
    graph.column("3  The camera", 340)
    filmed = graph.add("NRCameraMove", image=ltx.small, length=ltx.size["length"], pan=0.15, zoom=1.15)
    still, held = held_to_clip(graph, "4  Held to the moving clip", filmed, ltx.vae, ltx.small_size, tau_end=0.6)
    rectified = graph.add("NRApply", model=ltx.model, schedule=held, reference=still, mask=still.slot(1))
    graph.column("5  Sample the small video", 340)
    small = ltx_small(graph, ltx, rectified)
    graph.column("6  Sample the large one", 340)
    large = ltx_large(graph, ltx, ltx.model, ltx_enlarged(graph, ltx, small), small)
    ltx_watch(graph, ltx, large, "7  Watch and listen")


@workflow(
    "Draft and final, LTX-2.3",
    DRAFTED + " The model's own first, small stage is the draft; the second, which starts from it at twice the size, "
    "is held to the picture, moved like it. " + SOUND_IS_LEFT,
    try_first=[
        *DRAFT_KNOBS,
        "The second stage makes 3 steps from σ 0.85: `tau_end` 0.3 rectifies one, 0.6 two, 1 all. " + FREER,
        LTX_SIZES,
    ],
    start=LTX_START,
    cost=LTX_COST,
    needs="0.16.0",
    drawing=Drawing("coffee.png", "turn", "draft"),
)
def ltx_draft_and_final(graph: Graph) -> None:
    ltx = load_ltx(graph)
    graph.column("3  The small video is the draft", 340)
    small = ltx_small(graph, ltx, ltx.model)
    drafted = graph.add("VAEDecode", "VAE Decode: draft", samples=small, vae=ltx.vae)
    graph.column("4  The picture, moved like it", under=(2, 2))
    moved = graph.add("NRMovePicture", image=ltx.picture, video=drafted)
    still, held = held_to_clip(graph, "5  Held to the moved clip", moved, ltx.vae, ltx.size, tau_end=0.6)
    rectified = graph.add("NRApply", model=ltx.model, schedule=held, reference=still, mask=still.slot(1))
    graph.column("6  Sample the large video", 340)
    large = ltx_large(graph, ltx, rectified, ltx_enlarged(graph, ltx, small), small)
    ltx_watch(graph, ltx, large, "7  Watch and listen")
