"""The pack in a real ComfyUI process, reached as a browser or a script reaches it: over HTTP."""

import copy
import io
import json
import time
import urllib.request

import numpy as np
import pytest
from PIL import Image, ImageSequence
from private_host.pack import ROOT
from private_host.server import comfyui, get
from prompts import error_of, finish, post, run

WORKFLOW = json.loads((ROOT / "dev" / "demo_model" / "image_to_video.api.json").read_text())
PICTURE, SCHEDULES, SAMPLER, CARRIED, VIDEO = "3", ("6", "7"), "9", "10", "17"  # ids of nodes
PUBLISHED = 1  # its place in the video, after plain and before carried
NODES = json.loads((ROOT / "node_list.json").read_text())


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with comfyui(tmp_path_factory.mktemp("comfyui"), threads=1) as address:
        yield address


def few_steps(**schedule):
    """The demo's graph, short enough for a test."""
    graph = copy.deepcopy(WORKFLOW)
    for node in graph.values():
        if "steps" in node["inputs"]:
            node["inputs"]["steps"] = 4
    for key in SCHEDULES:
        graph[key]["inputs"] |= schedule
    return graph


def videos(address, outputs) -> list[np.ndarray]:
    """The three videos that stand side by side, 16 enlarged pixels apart: [F, H, W, 3] each."""
    saved = outputs[VIDEO]["images"][0]
    url = f"{address}/view?filename={saved['filename']}&subfolder={saved['subfolder']}&type={saved['type']}"
    with urllib.request.urlopen(url, timeout=60) as answer, Image.open(io.BytesIO(answer.read())) as picture:
        frames = np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)])
    return [frames[:, :, left : left + 256] for left in (0, 272, 544)]


def test_every_node_of_the_list_is_offered(address):
    info = get(f"{address}/object_info")
    assert {name for name in info if name.startswith("NR")} == set(NODES)
    for name in NODES:
        assert info[name]["category"] == "noise rectification"
        assert info[name]["description"] and info[name]["display_name"] == NODES[name]
        for group in ("required", "optional"):
            assert all(spec[1].get("tooltip") for spec in info[name]["input"].get(group, {}).values()), name
        assert all(info[name]["output_tooltips"]), name


def test_the_shipped_workflow_makes_three_videos(address):
    status, outputs = run(address, few_steps())
    assert status["status_str"] == "success", status
    plain, published, carried = videos(address, outputs)
    assert plain.shape == published.shape == carried.shape == (16, 256, 256, 3)
    assert not np.array_equal(plain, published) and not np.array_equal(published, carried)


def test_strength_zero_is_the_plain_video_bit_for_bit(address):
    graph = few_steps(strength=0.0)
    for node in graph.values():
        if "seed" in node["inputs"]:
            node["inputs"]["seed"] = 123  # new to the host, which else gives back what it has cached
    _, outputs = run(address, graph)
    plain, *rectified = videos(address, outputs)
    assert all(np.array_equal(plain, video) for video in rectified)


@pytest.mark.parametrize(("typed", "words"), [
    ({"tau_start": 0.9}, "tau_start: 0.9 lies after tau_end (0.6)"),
    ({"omega_curve": '{"points": []}'}, "omega_curve: the list of points is empty"),
    ({"pivot_frames": "abc"}, "pivot_frames: got 'abc'. Give whole numbers"),
    ({"tau_end": 1.5}, "tau_end: got 1.5. Give a number from 0 to 1."),
])  # fmt: skip
def test_what_is_typed_wrong_is_refused_before_anything_runs(address, typed, words):
    """It failed minutes later, after another sampler had run. The host marks all inputs that a node checks together."""
    answer = post(address, "/prompt", {"prompt": few_steps(**typed)})
    errors = answer["node_errors"][SCHEDULES[0]]["errors"]
    marked = {error["extra_info"]["input_name"] for error in errors}
    assert {*typed} <= marked and all(words in error["details"] for error in errors)
    assert get(f"{address}/queue") == {"queue_running": [], "queue_pending": []}


def test_a_number_out_of_range_is_refused_before_anything_runs(address):
    answer = post(address, "/prompt", {"prompt": few_steps(strength=1.5)})
    (error,) = answer["node_errors"][SCHEDULES[0]]["errors"]
    assert error["type"] == "value_bigger_than_max" and error["extra_info"]["input_name"] == "strength"


def test_a_bad_curve_by_link_stops_the_run_with_words_for_the_artist(address):
    graph = few_steps(omega_curve=["text", 0])
    graph["text"] = {"class_type": "PrimitiveString", "inputs": {"value": '{"points": []}'}}
    error = error_of(run(address, graph)[0])
    assert error["node_type"] == "NRSchedule" and error["exception_type"] == "ValueError"
    assert error["exception_message"].startswith("omega_curve: the list of points is empty")


def test_an_interrupt_stops_the_run_and_the_next_is_unaffected(address):
    _, before = run(address, few_steps())
    long = few_steps()
    long[SAMPLER]["inputs"]["steps"] = 1000
    prompt_id = post(address, "/prompt", {"prompt": long})["prompt_id"]
    deadline = time.monotonic() + 60
    while not get(f"{address}/queue")["queue_running"] and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    post(address, "/interrupt", {})
    while prompt_id not in get(f"{address}/history/{prompt_id}") and time.monotonic() < deadline:
        time.sleep(0.05)
    status = get(f"{address}/history/{prompt_id}")[prompt_id]["status"]
    assert any(kind == "execution_interrupted" for kind, _ in status["messages"]), status
    post(address, "/free", {"unload_models": True, "free_memory": True})
    _, after = run(address, few_steps())
    assert np.array_equal(videos(address, before)[PUBLISHED], videos(address, after)[PUBLISHED])


def test_looks_leave_nothing_behind(address):
    """The same seed gives the same video after another one, and after a run that was stopped; Carry Picture too."""

    def looking(seed, steps=6):
        graph = few_steps()
        for node in graph.values():
            if node["class_type"] == "NRKSampler":
                node["inputs"] |= {"vae": ["1", 1], "seed": seed, "steps": steps}
        stage = {k: value for k, value in graph[CARRIED]["inputs"].items() if k not in ("seed", "denoise", "vae")}
        stage |= {"add_noise": "enable", "noise_seed": seed, "start_at_step": 0, "end_at_step": 2,
                  "return_with_leftover_noise": "enable", "schedule": [SCHEDULES[0], 0]}  # fmt: skip
        graph["20"] = {"class_type": "NRKSamplerAdvanced", "inputs": stage}
        carry = {"image": [PICTURE, 0], "denoised": ["20", 1], "vae": ["1", 1], "amount": 1.0, "fill": "blur"}
        graph["21"] = {"class_type": "NRCarryPicture", "inputs": carry}
        return graph

    status, outputs = run(address, looking(7))
    assert status["status_str"] == "success", status
    assert outputs["21"]["images"]
    first = videos(address, outputs)
    assert not np.array_equal(first[2], videos(address, run(address, looking(8))[1])[2])
    prompt_id = post(address, "/prompt", {"prompt": looking(9, steps=500)})["prompt_id"]
    time.sleep(2.0)
    post(address, "/interrupt", {})
    finish(address, prompt_id)
    post(address, "/free", {"unload_models": True, "free_memory": True})
    assert all(map(np.array_equal, first, videos(address, run(address, looking(7))[1])))
