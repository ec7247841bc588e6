"""Video Fidelity Report."""

from __future__ import annotations

import json

from comfy_api.latest import io, ui

from . import CATEGORY
from .core.packages import MATPLOTLIB, PILLOW, SCIKIT_IMAGE
from .core.plots import plot_report
from .host.report import measure_videos, report_text
from .inputs import checked
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
            description="Measures how true a video stays to its picture, along its motion and against the still one, "
            "and how much moves in it, frame by frame; a frozen video shows as one. Link a second video to compare.",
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
            ],
            outputs=[
                io.Image.Output("plot", display_name="plot", tooltip="Every measure over the clip."),
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
            ],
        )

    @classmethod
    @checked(may_be_broken=("frames", "baseline"), packages=(SCIKIT_IMAGE, MATPLOTLIB, PILLOW))
    def execute(cls, frames, image, baseline=None, clip_vision=None, clip=None, text="") -> io.NodeOutput:
        videos = {"frames": frames} | ({} if baseline is None else {"baseline": baseline})
        measured, notes = measure_videos(videos, image, clip_vision, clip, text)
        plot = plot_report(*measured)
        mean = measured[0].mean
        report = json.dumps(report_text(measured, frames, notes), allow_nan=False)
        numbers = (mean["ssim"], mean["motion"], mean["fidelity_along_motion"])
        return io.NodeOutput(plot, report, *numbers, ui=ui.PreviewImage(plot, cls=cls))


NODES = [VideoFidelityReport]
