"""A package that is missing: the node that needs it says what to install where, before it begins its work."""

import sys

import pytest
import torch
from noise_rectification.nodes.core.packages import LOADERS
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.host import moved_picture, report
from private_host.pack import run_node

PICTURE, VIDEO = torch.rand(1, 32, 48, 3), torch.rand(3, 32, 48, 3)
CAMERA = {"length": 2, "pan": 0.1, "tilt": 0.0, "zoom": 1.0, "roll": 0.0, "easing": "linear"}
RUNS = {
    "NRSchedulePlot": lambda: run_node("NRSchedulePlot", schedule=Schedule(),
                                       frames=4, steps=4),
    "NRFidelityReport": lambda: run_node("NRFidelityReport", frames=VIDEO, image=PICTURE),
    "NRMovePicture": lambda: run_node("NRMovePicture", image=PICTURE, video=VIDEO, amount=1.0, length=0, fill="mirror"),
    "NRCameraMove": lambda: run_node("NRCameraMove", image=[PICTURE], **{k: [v] for k, v in CAMERA.items()}),
    "NRDragPicture": lambda: run_node("NRDragPicture", image=PICTURE, part=torch.ones(1, 32, 48), length=2, path="0, 0",
                                      easing="linear", width=0, height=0, resize="stretch"),
    "NRDemoPicture": lambda: run_node("NRDemoPicture", picture="coffee"),
}  # fmt: skip
NEEDS = {
    "matplotlib": ("matplotlib", {"NRSchedulePlot", "NRFidelityReport"}),
    "scikit-image": ("skimage", {"NRFidelityReport"}),
    "torchvision": ("torchvision", {"NRMovePicture", "NRCameraMove", "NRDragPicture"}),
    "pillow": ("PIL", set(RUNS)),
}


@pytest.mark.parametrize("package", NEEDS)
@pytest.mark.parametrize("node", RUNS)
def test_a_node_says_what_to_install_where_and_the_others_work(package, node, monkeypatch):
    module, nodes_that_need_it = NEEDS[package]
    if node not in nodes_that_need_it:
        if package != "pillow":
            monkeypatch.setitem(sys.modules, module, None)
        RUNS[node]()
        return
    monkeypatch.setitem(sys.modules, module, None)
    begun = []
    for where, work in ((moved_picture, "working_size"), (report, "measure")):
        monkeypatch.setattr(where, work, lambda *args, **more: begun.append(args))
    with pytest.raises(ImportError) as error:
        RUNS[node]()
    said = str(error.value)
    assert package in said and sys.executable in said and "\n" not in said and not begun


def test_names_that_are_asked_for_are_names_that_are_installed():
    from importlib.metadata import distribution

    assert all(distribution(name) for name in LOADERS)
