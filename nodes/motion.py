"""Move Picture Like Video · Carry Picture · Camera Move · Drag Picture."""

from __future__ import annotations

from comfy_api.latest import io

from . import CATEGORY
from .core.camera import EASE_IN_OUT, EASINGS, LINEAR, CameraMove, eased
from .core.curve import resampled
from .core.drag import check_counts, offsets, read_paths
from .core.moved_picture import FILLS, STRETCH
from .core.packages import PILLOW, TORCHVISION
from .host.looks import carry_picture
from .host.moved_picture import MovedClip, drag_parts, move_camera, move_like_video
from .inputs import checked, said_before_the_run
from .node_schema import MAX_SIZE, VIDEO_GENERATION, node_schema, size_inputs


def _amount(tooltip: str) -> io.Input:
    return io.Float.Input("amount", default=1.0, min=0.0, max=2.0, step=0.05, tooltip=tooltip)


def _fill(tooltip: str) -> io.Input:
    return io.Combo.Input("fill", options=list(FILLS), default=STRETCH, tooltip=tooltip)


def _moved_clip() -> list[io.Output]:
    return [
        io.Image.Output(
            "frames",
            display_name="frames",
            tooltip="The picture, moved: for `image` of Still Video Latent, which says what the video is held to.",
        ),
        io.Mask.Output(
            "visible",
            display_name="visible",
            tooltip="White where the picture says what is seen, black where the motion uncovers something else: for "
            "`mask` of Still Video Latent, and from there to `mask` of the sampler, so that the model paints what is "
            "new.",
        ),
        io.Image.Output(
            "flow",
            display_name="flow",
            tooltip="The motion as a picture: the colour says where things go, the full colour the fastest; "
            "arrows say the same.",
        ),
    ]


def _output(clip: MovedClip, cls: type[io.ComfyNode]) -> io.NodeOutput:
    return io.NodeOutput(clip.frames, clip.visible, clip.flow, ui=clip.preview(cls))


class MovePicture(io.ComfyNode):
    """The picture, moved as a video moves."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRMovePicture",
            search_words="motion transfer, slow motion, draft, cut and drag, time to move, warp image, optical flow, "
            "animate, animate photo, 动作迁移, 运动迁移, 光流, 慢动作",
            essentials_category=VIDEO_GENERATION,
            display_name="Move Picture Like Video",
            category=CATEGORY,
            is_output_node=True,
            description="Moves a picture as a video moves: a quick draft of the same scene, or any other video. The "
            "clip keeps every detail of the picture; hold the final video to it.",
            inputs=[
                io.Image.Input("image", tooltip="The picture to move. The clip has its size."),
                io.Image.Input(
                    "video",
                    tooltip="The video whose motion is taken: a draft of the same model, or any clip. "
                    "Fitted to the picture's shape; its first frame is where the motion starts.",
                ),
                _amount("How far the picture goes along: 1 = as the video, 0 = not at all, 2 = twice as far."),
                io.Int.Input(
                    "length",
                    default=0,
                    min=0,
                    max=MAX_SIZE,
                    tooltip="Frames of the clip. 0 = as many as the video. "
                    "Another number plays the whole motion slower or faster.",
                ),
                _fill(
                    "What is put where the picture shows nothing: its border drawn out, its mirror image, "
                    "blurred colours, or what the video shows there. `visible` is black there."
                ),
            ],
            outputs=_moved_clip(),
        )

    @classmethod
    @checked(packages=(TORCHVISION, PILLOW))
    def execute(cls, image, video, amount, length, fill) -> io.NodeOutput:
        return _output(move_like_video(image, video, amount, length, fill), cls)


class CarryPicture(io.ComfyNode):
    """The picture, carried along the motion that a model predicts: a look between two stages."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRCarryPicture",
            search_words="motion compensation, second stage, two stages, optical flow, reference, pixels, i2v, "
            "光流, 二次采样",
            essentials_category=VIDEO_GENERATION,
            display_name="Carry Picture",
            category=CATEGORY,
            is_output_node=True,
            description="Between two stages of any sampler: looks at how the first stage's video is going to move, and "
            "moves the picture along it, in pixels. The second stage is held to that, as sharp as the picture and "
            "moving as the model wants.",
            inputs=[
                io.Image.Input(
                    "image", tooltip="The picture that is the video's first frame; for several videos, one each."
                ),
                io.Latent.Input(
                    "denoised",
                    tooltip="What the first stage says of the finished video: `denoised` of Rectified KSampler "
                    "(Advanced), or `denoised_output` of the host's SamplerCustomAdvanced. A third of the steps is "
                    "enough for the first stage.",
                ),
                io.Vae.Input("vae", tooltip="The video model's VAE."),
                _amount("How far the picture goes along: 1 = as the model wants it, 0 = not at all."),
                _fill("What is put where the picture shows nothing. The model is not held to it there."),
            ],
            outputs=[
                io.Latent.Output(
                    "reference",
                    display_name="reference",
                    tooltip="The moved clip, for `reference` of the second stage, which is free where the picture "
                    "shows nothing: this comes with it. `motion_compensation` has nothing more to do there.",
                ),
                io.Mask.Output(
                    "visible",
                    display_name="visible",
                    tooltip="White where the picture says what is seen. `reference` knows it already: this is for "
                    "other nodes.",
                ),
                io.Image.Output("frames", display_name="frames", tooltip="The picture, moved."),
            ],
        )

    @classmethod
    @checked(packages=(PILLOW,))
    def execute(cls, image, denoised, vae, amount, fill) -> io.NodeOutput:
        reference, carried = carry_picture(image, denoised, vae, amount, fill)
        return io.NodeOutput(reference, carried.visible, carried.frames, ui=carried.preview(cls))


class CameraMoveNode(io.ComfyNode):
    """The picture as a moving camera films it."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRCameraMove",
            search_words="camera control, pan, tilt, zoom, dolly, roll, ken burns, camera motion, lock camera, "
            "image to video, 运镜, 镜头, 推拉, 平移, 缩放, 图生视频",
            essentials_category=VIDEO_GENERATION,
            display_name="Camera Move",
            category=CATEGORY,
            is_output_node=True,
            is_input_list=True,
            description="Films a picture with a moving camera: pan, tilt, zoom, roll. Hold a video to the clip, and "
            "its camera moves as you say, whatever the model.",
            inputs=[
                io.Image.Input("image", tooltip="The picture to film. The clip has its size. "
                               "A batch of exactly `length` pictures is filmed as the clip that it is."),
                io.Int.Input("length", default=81, min=1, max=MAX_SIZE, tooltip="Frames of the clip."),
                _move("pan", 0.0, -2.0, 2.0, "The camera goes to the right, so the picture slides to the left: "
                      "0.2 = by a fifth of the width. Negative = to the left."),
                _move("tilt", 0.0, -2.0, 2.0, "The camera goes up, so the picture slides down: "
                      "0.2 = by a fifth of the height. Negative = down."),
                _move("zoom", 1.0, 0.1, 10.0, "How many times larger things become: "
                      "1.2 = a fifth larger, 1 = no zoom, below 1 = out."),
                _move("roll", 0.0, -360.0, 360.0, "Degrees that the camera rolls to the right, so the picture turns "
                      "to the left. Negative = to the left.", step=1.0),
                io.Combo.Input(
                    "easing",
                    options=list(EASINGS),
                    default=EASE_IN_OUT,
                    tooltip="How the move starts and ends: at full speed (linear), softly at the start (ease in), "
                    "at the end (ease out), or at both.",
                ),
                io.Float.Input(
                    "progress",
                    optional=True,
                    force_input=True,
                    min=-10.0,
                    max=10.0,
                    tooltip="How much of the move each frame has seen, as a list of numbers from another node: "
                    "0 = its start, 1 = its end. Any length. Wins over `easing`.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="A mask of the pictures, such as `visible` of Drag Picture: it is filmed as they are, and "
                    "`visible` is black where it is.",
                ),
            ],
            outputs=_moved_clip(),
        )  # fmt: skip

    @classmethod
    @checked(lists=("progress",), packages=(TORCHVISION, PILLOW))
    def execute(cls, image, length, pan, tilt, zoom, roll, easing, progress=None, mask=None) -> io.NodeOutput:
        shares = eased(easing, length) if progress is None else resampled(progress, length)
        return _output(move_camera(image, list(shares), CameraMove(pan, tilt, zoom, roll), mask), cls)


def _move(name: str, default: float, low: float, high: float, tooltip: str, step: float = 0.01) -> io.Input:
    return io.Float.Input(name, default=default, min=low, max=high, step=step, round=0.001, tooltip=tooltip)


class DragPicture(io.ComfyNode):
    """The picture with parts of it dragged along paths."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRDragPicture",
            search_words="drag, cut and drag, time to move, trajectory, motion brush, motion path, path, spline, "
            "tracks, move object, animate object, image to video, 轨迹, 拖动, 拖拽, 运动笔刷, 路径, 物体运动, 图生视频",
            essentials_category=VIDEO_GENERATION,
            display_name="Drag Picture",
            category=CATEGORY,
            is_output_node=True,
            description="Cuts a part out of a picture and drags it along a path. Hold a video to the clip, and the "
            "part goes where you say, whatever the model; the model paints what was behind it.",
            inputs=[
                io.Image.Input("image", tooltip="The picture."),
                io.Mask.Input(
                    "part",
                    tooltip="White: what is dragged (right-click the picture, open it in the mask editor). "
                    "Several masks are several parts, each with a path of its own, the later ones in front.",
                ),
                io.Int.Input("length", default=81, min=1, max=MAX_SIZE, tooltip="Frames of the clip."),
                io.String.Input(
                    "path",
                    default="0, 0; 100, 0",
                    multiline=True,
                    tooltip="Where the part goes: points x, y in pixels of `image`, with semicolons between them, a "
                    "path on each line. Or link a spline editor's coordinates (coord_str of KJNodes' Spline Editor). "
                    "The part goes as the path does from its first point on; the points are evenly spaced in time, "
                    "and straight lines join them. One point stays.",
                ),
                io.Combo.Input(
                    "easing",
                    options=list(EASINGS),
                    default=LINEAR,
                    tooltip="How the way along the path starts and ends: as the points say (linear), softly at the "
                    "start (ease in), at the end (ease out), or at both.",
                ),
                *size_inputs(),
                io.Custom("TRACKS").Input(
                    "tracks",
                    optional=True,
                    tooltip="Paths as tracks (Generate Video Tracks), one for each part, in pixels of `image`. "
                    "Wins over `path`.",
                ),
            ],
            outputs=_moved_clip(),
        )

    @classmethod
    def validate_inputs(cls, path=None, tracks=False):
        """The host asks before anything runs. What comes by link is None; linked tracks win over a path."""
        is_read = path is not None and tracks is not None
        return said_before_the_run(lambda: is_read and read_paths(path))

    @classmethod
    @checked(packages=(TORCHVISION, PILLOW))
    def execute(cls, image, part, length, path, easing, width, height, resize, tracks=None) -> io.NodeOutput:
        paths = read_paths(path) if tracks is None else list(tracks.numpy().swapaxes(0, 1))
        check_counts("path" if tracks is None else "tracks", len(paths), len(part))
        return _output(drag_parts(image, part, offsets(paths, easing, length), width, height, resize), cls)


NODES = [MovePicture, CarryPicture, CameraMoveNode, DragPicture]
