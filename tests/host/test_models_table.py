"""The README's table of models says what the shipped workflows do: which ComfyUI, τ, ω, and how much noise τ leaves."""

import json
import re
from dataclasses import dataclass
from math import ceil

import comfy.samplers
import pytest
import torch
from noise_rectification.nodes.host import noise_levels
from private_host.pack import run_node
from private_host.setup import ROOT
from stand_ins.files import MODELS, by_name

WORKFLOWS = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "workflows").glob("*.json"))}
PAPER = {"points": [[0, 1], [7 / 15, 0.5], [1, 0.5]], "interpolation": "linear"}
ROW = re.compile(
    r"^\| \*(?P<name>.+?)\* \| (?P<needs>.+?) \| (?P<picture>.+?) \| (?P<settings>.+?) \| (?P<noise>.+?) \|$"
)


def rows() -> dict[str, dict[str, str]]:
    """The table's rows by workflow."""
    found = [ROW.match(line) for line in (ROOT / "README.md").read_text().splitlines()]
    return {row["name"]: row.groupdict() for row in found if row}


TABLE = rows()
LARGE = [name for name in WORKFLOWS if not name[0].isdigit()]  # all but the demo model's


@dataclass
class Stage:
    """A schedule of a workflow; `values` are its widgets', in the node's order."""

    values: list

    @property
    def tau_end(self) -> float:
        return self.values[2]

    @property
    def said(self) -> str:
        """τ and ω as the table writes them."""
        curve = json.loads(self.values[0])
        same = {y for _, y in curve["points"]}
        omega = f"ω {same.pop():g}" if len(same) == 1 else "the paper's ω" if curve == PAPER else "ω drawn"
        strength = f", strength {self.values[3]:g}" if self.values[3] != 1 else ""
        return f"{self.tau_end:g}, {omega}{strength}{', carried' if self.values[8] else ''}"


def nodes_of(name: str, *kinds: str) -> list[list]:
    """The widgets' values of a workflow's nodes of these kinds, in the order of their ids."""
    nodes = sorted(WORKFLOWS[name]["nodes"], key=lambda node: node["id"])
    return [node["widgets_values"] for node in nodes if node["type"] in kinds]


def stages(name: str) -> list[Stage]:
    return [Stage(values) for values in nodes_of(name, "NRSchedule")]


def sigmas(name: str, stage: int, model) -> torch.Tensor:
    """The noise levels that the stage's sampler runs over."""
    if manual := nodes_of(name, "ManualSigmas"):
        # The first sampler is left alone: it makes the draft, or what Carry Picture looks at.
        stage += name.startswith("Draft and final") or bool(nodes_of(name, "NRCarryPicture"))
        return torch.tensor([float(sigma) for sigma in manual[stage][0].split(",")])
    if ltx := nodes_of(name, "LTXVScheduler"):
        (_, width, height, _), (length, _) = *nodes_of(name, "ImageScale"), *nodes_of(name, "PrimitiveInt")
        latent = {"samples": torch.zeros(1, 128, (length - 1) // 8 + 1, height // 32, width // 32)}
        settings = dict(zip(("steps", "max_shift", "base_shift", "stretch", "terminal"), ltx[0], strict=True))
        return run_node("LTXVScheduler", **settings, latent=latent)[0]
    if schedulers := nodes_of(name, "BasicScheduler"):
        scheduler, steps, _ = schedulers[stage]
        found = comfy.samplers.calculate_sigmas(model.get_model_object("model_sampling"), scheduler, steps)
        splits = nodes_of(name, "SplitSigmas")
        if not stage and nodes_of(name, "NRCarryPicture"):
            return found[splits[0][0] :]
        return found[: splits[stage][0] + 1] if stage else found
    if advanced := nodes_of(name, "NRKSamplerAdvanced"):
        _, _, _, steps, _, sampler, scheduler, *_ = advanced[0]
    else:
        _, _, steps, _, sampler, scheduler, *_ = nodes_of(name, "NRKSampler")[0]
    return comfy.samplers.KSampler(model, steps, torch.device("cpu"), sampler, scheduler).sigmas


def noise_left(name: str, stage: int) -> float | None:
    """The share of noise in the state where τ ends, σ̃ / (α + σ̃); None where this ComfyUI has no such model."""
    loaders = nodes_of(name, "UNETLoader", "CheckpointLoaderSimple", "ImageOnlyCheckpointLoader")
    shifts = nodes_of(name, "ModelSamplingSD3")
    stand_in = by_name(MODELS, loaders[min(stage, len(loaders) - 1)][0])
    if getattr(stand_in, "family", ...) is None:
        return None
    model = stand_in.build()
    if shifts:
        model = run_node("ModelSamplingSD3", model=model, shift=shifts[min(stage, len(shifts) - 1)][0])[0]
    run = sigmas(name, stage, model)
    end = float(run[ceil(stages(name)[stage].tau_end * (len(run) - 1) - 1e-9)])  # a step that τ ends in is rectified
    level = noise_levels.noise_level(model.get_model_object("model_sampling"), end)
    return level.sigma / (level.alpha + level.sigma)


def test_every_workflow_has_its_row():
    assert TABLE.keys() == WORKFLOWS.keys()


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_table_says_the_workflows_own_settings(name):
    assert TABLE[name]["settings"] == "; then ".join(stage.said for stage in stages(name))


@pytest.mark.parametrize("name", LARGE)
def test_the_table_says_which_comfyui_the_workflows_note_asks_for(name):
    ((note,),) = nodes_of(name, "MarkdownNote")
    assert re.search(r"Needs ComfyUI (\S+) or newer", note)[1] == TABLE[name]["needs"]


@pytest.mark.parametrize("name", LARGE)
def test_the_table_says_how_much_noise_is_left_where_tau_ends(name):
    for stage, said in enumerate(TABLE[name]["noise"].split("; then ")):
        left = noise_left(name, stage)
        if left is None:
            pytest.skip("this ComfyUI has no such model")
        assert float(said) == pytest.approx(left, abs=0.0051)
