"""Video Fidelity Report."""

from __future__ import annotations

import json

from comfy_api.latest import io, ui

from . import CATEGORY
from .core.joins import measure_joins, read_joins
from .core.packages import MATPLOTLIB, PILLOW, SCIKIT_IMAGE
from .core.verdict import verdict
from .host.report import draw_report, measure_videos, report_text
from .inputs import checked, said_before_the_run
from .node_schema import node_schema


class VideoFidelityReport(io.ComfyNode):
    """Fidelity, coherence, motion (the measures of arXiv 2403.02827, section 4, and what keeps them honest)."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRFidelityReport",
            search_words="measure video, compare videos, quality, consistency, flicker, drift, colour drift, "
            "color drift, motion, 对比, 质量, 一致性, 闪烁, 漂移",
            display_name="Video Fidelity Report",
            category=CATEGORY,
            description="Says in three sentences whether a video is true to its picture and moves, which picture of it "
            "is the worst, and what to turn; with the numbers, frame by frame. Link a second video to compare.",
            is_output_node=True,
            inputs=[
                io.Image.Input("frames", tooltip="The video's frames."),
                io.Image.Input("image", tooltip="The picture it was made from; fitted to the frames' size."),
                io.Image.Input("baseline", optional=True, tooltip="A second video, drawn dashed for comparison."),
                io.ClipVision.Input(
                    "clip_vision",
                    optional=True,
                    tooltip="Adds the CLIP measures: image fidelity and temporal coherence.",
                ),
                io.Clip.Input(
                    "clip",
                    optional=True,
                    tooltip="With `clip_vision` and `text`: text alignment, if both are of one CLIP model.",
                ),
                io.String.Input(
                    "text", optional=True, default="", multiline=True, tooltip="The prompt, for text alignment."
                ),
                io.String.Input(
                    "joins",
                    optional=True,
                    default="",
                    tooltip="Of a video made of several chunks: the picture with which each later chunk begins, "
                    "counted from 1, with commas between them, as in 34, 66. Empty for a video in one piece.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    "plot",
                    display_name="plot",
                    tooltip="The verdict, the video with its worst picture marked, fidelity and motion.",
                ),
                io.String.Output("report", display_name="report", tooltip="All numbers, as JSON."),
                io.Float.Output(
                    "fidelity", display_name="fidelity", tooltip="Mean structural similarity to the picture, 1 = equal."
                ),
                io.Float.Output(
                    "motion", display_name="motion", tooltip="Mean motion in pixels per frame, 0 = frozen."
                ),
                io.Float.Output(
                    "fidelity_along_motion",
                    display_name="fidelity_along_motion",
                    tooltip="Mean similarity to the picture carried along the motion, 1 = equal: "
                    "motion costs nothing here, a smear or a change does.",
                ),
                io.String.Output(
                    "verdict",
                    display_name="verdict",
                    tooltip="In words: is it good, which picture is the worst, what to turn.",
                ),
                io.Image.Output(
                    "details", display_name="details", tooltip="Every other measure, against the still picture last."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, joins=None):
        """The host asks before anything runs. What comes by link is None."""
        return said_before_the_run(lambda: read_joins(joins))

    @classmethod
    @checked(may_be_broken=("frames", "baseline"), packages=(SCIKIT_IMAGE, MATPLOTLIB, PILLOW))
    def execute(cls, frames, image, baseline=None, clip_vision=None, clip=None, text="", joins="") -> io.NodeOutput:
        places = read_joins(joins, len(frames))
        videos = {"frames": frames} | ({} if baseline is None else {"baseline": baseline})
        measured, notes = measure_videos(videos, image, clip_vision, clip, text)
        across = measure_joins(measured[0], places)
        said = verdict(*measured, side=min(frames.shape[1:3]), joins=across)
        plot, details = draw_report(measured, frames, image, said, places)
        report = json.dumps(report_text(measured, frames, notes, said, across), allow_nan=False)
        mean = measured[0].mean
        numbers = (mean["ssim"], mean["motion"], mean["fidelity_along_motion"])
        return io.NodeOutput(plot, report, *numbers, str(said), details, ui=ui.PreviewImage(plot, cls=cls))


NODES = [VideoFidelityReport]
