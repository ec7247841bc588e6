"""Rectification Schedule · Plot Rectification Schedule."""

from __future__ import annotations

from comfy_api.latest import io, ui

from . import CATEGORY
from .core.curve import Curve
from .core.packages import MATPLOTLIB, PILLOW
from .core.plots import plot_schedule
from .core.schedule import ANCHORS, DEFAULT_CURVE, MAX_MOTION_COMPENSATION, TAU_UNITS, Schedule
from .inputs import checked, only_one, plain_curve, said_before_the_run, whole_list
from .node_schema import FAITHFUL_VIDEO, VIDEO_GENERATION, node_schema

RectificationSchedule = io.Custom("NR_SCHEDULE")
DEFAULT = Schedule()


def _fraction(name: str, tooltip: str, most: float = 1.0, optional: bool = False) -> io.Input:
    return io.Float.Input(
        name, default=getattr(DEFAULT, name), min=0.0, max=most, step=0.01, round=0.001, tooltip=tooltip,
        optional=optional,
    )  # fmt: skip


def _advanced(*inputs: io.Input) -> tuple[io.Input, ...]:
    """Mark inputs as advanced; set after construction because a host of 0.3.75 takes no such argument."""
    for entry in inputs:
        entry.extra_dict = {"advanced": True}
    return inputs


class RectificationScheduleNode(io.ComfyNode):
    """ω over the frames, τ and λ over the steps (arXiv 2403.02827, section 3.3)."""

    @classmethod
    def define_schema(cls):
        curve = io.String.Input(
            "omega_curve",
            default=DEFAULT_CURVE.to_json(),
            multiline=True,
            tooltip="ω of each frame, first to last: top (1) = more motion, bottom (0) = more fidelity to the image. "
            "Control points as JSON, x and y from 0 to 1; interpolation linear or monotone_cubic.",
        )
        # The curve editor of js/curve_editor; without it the input is a text box. Set after construction, as below.
        curve.extra_dict = {"widgetType": "NR_OMEGA_CURVE"}
        return node_schema(
            node_id="NRSchedule",
            search_words=FAITHFUL_VIDEO,
            essentials_category=VIDEO_GENERATION,
            display_name="Rectification Schedule",
            category=CATEGORY,
            is_input_list=True,
            description="Which frames are held to the image, how firmly, and for which part of sampling. The bias of "
            "the model is measured on the pivot frame, where the image is known, and lent to the others: ω says how "
            "much they follow that (1, more motion) or the image itself (0, more fidelity).",
            inputs=[
                curve,
                _fraction("tau_start", "Where rectification starts, as a part of sampling: 0 = at the first step."),
                _fraction(
                    "tau_end",
                    "Where rectification ends: 0.6 = after 60 % of the steps. "
                    "Later = more fidelity, earlier = more freedom.",
                ),
                _fraction(
                    "strength",
                    "λ: how much of the correction is applied. 0 leaves the model untouched, hold_colours included.",
                ),
                *_advanced(
                    _fraction(
                        "tau_ramp",
                        "Soft edges of tau: the part of sampling over which the correction fades in and out. "
                        "0 = a hard cut, as in the paper.",
                    ),
                    io.Combo.Input(
                        "tau_unit",
                        options=list(TAU_UNITS),
                        default=DEFAULT.tau_unit,
                        tooltip="What tau counts: sampling steps (the paper), or the host's sampling percent, "
                        "which stays the same when a run is split over samplers or the scheduler changes.",
                    ),
                    io.Combo.Input(
                        "anchor",
                        options=list(ANCHORS),
                        default=DEFAULT.anchor,
                        tooltip="What frames are held to. reference noise: what the known noise says (the paper); "
                        "it follows the video. image: the image itself, at every step; firmer.",
                    ),
                    io.Int.Input(
                        "pivot_frame",
                        default=DEFAULT.pivot_frame,
                        min=-16384,
                        max=16384,
                        tooltip="The latent frame that is the image, where the model's bias is measured. "
                        "0 = the first, -1 = the last.",
                    ),
                ),
                io.MultiType.Input(
                    "omega",
                    [io.Float, io.Custom("CURVE")],
                    optional=True,
                    tooltip="ω from another node: one number, a list of numbers of any length, or a curve. "
                    "Wins over the curve drawn here.",
                ),
                _fraction(
                    "motion_compensation",
                    "Carries the picture along the motion that the model predicts, "
                    "so that frames stay true to it and still move. "
                    "1 = follow that motion, 0 = hold every frame to the still picture, as in the paper. "
                    "Above 1 = exaggerate the motion. "
                    "Link the VAE to Rectified KSampler with it, or use Carry Picture: the picture is then carried in "
                    "pixels, right for every model. Without, it is carried in the latent: exact where a cell is a "
                    "pixel, approximate where a latent frame holds several pictures, as in most video models.",
                    most=MAX_MOTION_COMPENSATION,
                    optional=True,
                ),
                _fraction(
                    "hold_colours",
                    "Keeps the colours, brightness and contrast of every frame as they are in the picture, "
                    "at every step, and holds no motion. Raise it where a video's colours drift. "
                    "0 = off, 1 = fully.",
                    optional=True,
                ),
                *_advanced(
                    io.String.Input(
                        "pivot_frames",
                        default="",
                        optional=True,
                        tooltip="The latent frames that are pictures you gave, where there are several: "
                        "0, -1 = the first and the last. Each other frame follows the nearest of them. "
                        "Empty = pivot_frame alone.",
                    ),
                ),
            ],
            outputs=[
                RectificationSchedule.Output(
                    "schedule",
                    display_name="schedule",
                    tooltip="For the rectified samplers, Apply Noise Rectification and Plot Rectification Schedule.",
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, omega_curve=(None,), tau_start=(None,), tau_end=(None,), pivot_frames=(None,)):
        """The host asks before anything runs. What comes by link is None: nothing that it may be is refused."""
        values = {"tau_start": tau_start[0], "tau_end": tau_end[0], "pivot_frames": pivot_frames[0]}
        typed = {name: value for name, value in values.items() if value is not None}
        curve = DEFAULT_CURVE if omega_curve[0] is None else omega_curve[0]
        return said_before_the_run(lambda: Schedule(Curve.parse(curve), **{"tau_end": 1.0, **typed}))

    @classmethod
    def execute(cls, omega=None, **single) -> io.NodeOutput:
        # A list-valued `omega` reaches a node whole only if every input is taken as a list.
        values = {name: only_one(name, value) for name, value in single.items()}
        drawn = Curve.parse(values.pop("omega_curve"))
        linked = None if omega is None else plain_curve(whole_list(omega))
        return io.NodeOutput(Schedule(drawn if linked is None else linked, **values))


class PlotRectificationSchedule(io.ComfyNode):
    """The schedule as a picture."""

    @classmethod
    def define_schema(cls):
        return node_schema(
            node_id="NRSchedulePlot",
            search_words="preview schedule, draw curve",
            display_name="Plot Rectification Schedule",
            category=CATEGORY,
            description="Draws a schedule: ω over the frames, the strength over the steps, and how firmly each frame "
            "is held at each step.",
            is_output_node=True,
            inputs=[
                RectificationSchedule.Input("schedule", tooltip="The schedule to draw."),
                io.Int.Input(
                    "frames",
                    default=16,
                    min=1,
                    max=1024,
                    tooltip="Latent frames of the clip (Wan: 21 for a video of 81 frames).",
                ),
                io.Int.Input("steps", default=20, min=1, max=1000, tooltip="Sampling steps."),
            ],
            outputs=[io.Image.Output("plot", display_name="plot", tooltip="The drawing.")],
        )

    @classmethod
    @checked(packages=(MATPLOTLIB, PILLOW))
    def execute(cls, schedule, frames, steps) -> io.NodeOutput:
        plot = plot_schedule(schedule, frames, steps)
        return io.NodeOutput(plot, ui=ui.PreviewImage(plot, cls=cls))


NODES = [RectificationScheduleNode, PlotRectificationSchedule]
