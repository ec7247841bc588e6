"""One server used for long: many runs, runs that wait for one another, and prompts of whoever can reach it."""

import json
import sys
from pathlib import Path

import psutil
import pytest
import torch
from noise_rectification.nodes.core.drag import read_paths
from private_host.pack import run_node, start_host
from private_host.server import comfyui, get
from prompts import error_of, finish, post, run
from safetensors.torch import load_file

RUNS, SETTLED = 200, 40
GROWTH = 24e6  # bytes over the runs after the first SETTLED; the clip and its anchor would be 196 kB a run

GRAPH = {
    "1": {"class_type": "NRLoadDemoModel", "inputs": {}},
    "2": {"class_type": "LoadImage", "inputs": {"image": "coffee.png"}},
    "3": {"class_type": "NRStillVideoLatent", "inputs": {"image": ["2", 0], "vae": ["1", 1], "length": 16, "width": 0,
                                                         "height": 0, "resize": "center crop"}},
    "4": {"class_type": "NRDemoPrompt", "inputs": {"motion": "pan left"}},
    "5": {"class_type": "NRSchedule", "inputs": {"omega_curve": '{"points": [[0, 1], [1, 0.5]]}', "tau_start": 0.0,
                                                 "tau_end": 0.6, "strength": 1.0, "tau_ramp": 0.0, "tau_unit": "steps",
                                                 "anchor": "reference noise", "pivot_frame": 0}},
    "6": {"class_type": "NRApply", "inputs": {"model": ["1", 0], "schedule": ["5", 0]}},
    "7": {"class_type": "KSampler", "inputs": {"model": ["6", 0], "seed": 0, "steps": 2, "cfg": 2.0,
                                               "sampler_name": "euler_ancestral", "scheduler": "normal",
                                               "positive": ["4", 0], "negative": ["4", 1], "latent_image": ["3", 0],
                                               "denoise": 1.0}},
    "8": {"class_type": "SaveLatent", "inputs": {"samples": ["7", 0], "filename_prefix": "long/run"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tmp_path_factory.mktemp("long")


@pytest.fixture(scope="module")
def address(base):
    with comfyui(base, threads=1) as address:
        yield address


def graph(seed: int, **sampling) -> dict:
    changed = json.loads(json.dumps(GRAPH))
    changed["7"]["inputs"] |= {"seed": seed, **sampling}
    return changed


def samples(base: Path, outputs: dict) -> torch.Tensor:
    """The latent that a run saved."""
    (saved,) = outputs["8"]["latents"]
    return load_file(base / "output" / saved["subfolder"] / saved["filename"])["latent_tensor"]


def server_memory(base: Path) -> int:
    (server,) = (p for p in psutil.Process().children(recursive=True) if str(base) in p.cmdline())
    return server.memory_info().rss


def test_two_hundred_runs_keep_memory_flat_and_equal_seeds_equal_results(base, address):
    first, settled = None, 0
    for i in range(RUNS):
        status, outputs = run(
            address, graph(seed=i % 2, cfg=1.0)
        )  # in turn, so that the host cannot answer from its cache
        assert status["status_str"] == "success"
        if i == 0:
            first = samples(base, outputs)
        elif i % 50 == 0:
            assert torch.equal(samples(base, outputs), first)
        if i == SETTLED:
            settled = server_memory(base)
    growth = server_memory(base) - settled
    print(f"memory of the server: {settled / 1e6:.0f} MB, {growth / 1e6:+.1f} MB over {RUNS - SETTLED} runs")
    assert growth <= GROWTH


def test_queued_prompts_with_one_patched_model_are_each_as_if_alone(base, address):
    graphs = [graph(11), graph(12, sampler_name="dpmpp_2m_sde", steps=4), graph(11, cfg=3.0)]
    queued = [post(address, "/prompt", {"prompt": g})["prompt_id"] for g in graphs]
    together = [samples(base, finish(address, prompt_id)[1]) for prompt_id in queued]
    for g, result in zip(graphs, together, strict=True):
        post(address, "/free", {"unload_models": True, "free_memory": True})
        alone = json.loads(json.dumps(g))
        alone["8"]["inputs"]["filename_prefix"] = "long/alone"  # the host would not save the same file again
        assert torch.equal(samples(base, run(address, alone)[1]), result)


# ---- prompts of an untrusted page

HOSTILE = [
    "__import__('os').system('id')", "../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://localhost/",
    "\\\\host\\share", "$(id)", "{{7*7}}", "\x00", "[" * 5000, '{"points": [[0, "__import__(\'os\')"]]}',
    '{"points": [[0, 1]], "interpolation": "../x"}', '{"__class__": "os.system", "points": 1}', "1e999", "NaN", "null",
]  # fmt: skip
TELLTALE = ("open", "exec", "compile", "import", "os.", "subprocess.", "socket.", "urllib.", "shutil.", "ctypes.")


class Watch:
    """Records what a stretch of code asks of the system. The interpreter keeps its hook for good: it is switched."""

    def __init__(self):
        self.on, self.seen = False, []
        sys.addaudithook(self)

    def __call__(self, event, arguments):
        if self.on and event.startswith(TELLTALE):
            self.seen.append((event, str(arguments)[:200]))

    def __enter__(self):
        self.seen, self.on = [], True
        return self

    def __exit__(self, *error):
        self.on = False


@pytest.fixture(scope="module")
def watch():
    start_host()
    return Watch()


def test_the_watch_sees_a_file_that_is_opened(watch):
    with watch:
        Path(__file__).read_text()
    assert any(event == "open" for event, _ in watch.seen)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_of_a_stranger_reaches_no_file_no_address_and_no_code(watch, text):
    good = {name: [value] for name, value in GRAPH["5"]["inputs"].items()}
    for name in ("omega_curve", "tau_unit", "anchor", "pivot_frames"):
        with watch, pytest.raises(ValueError, match=f"^{name}: "):
            run_node("NRSchedule", **{**good, name: [text]})
        assert watch.seen == []
    with watch, pytest.raises(ValueError, match="^motion: "):
        run_node("NRDemoPrompt", motion=text)
    assert watch.seen == []
    with watch, pytest.raises(ValueError, match="^path: "):
        read_paths(text)
    assert watch.seen == []


def test_no_input_of_any_node_takes_a_path_an_address_or_code(address):
    """Text is the curve's JSON, lists of numbers, points and the report's prompt; all else is a number, a choice or a
    link."""
    texts = set()
    for name, info in get(f"{address}/object_info").items():
        if name.startswith("NR"):
            for group in ("required", "optional"):
                for key, (kind, options) in info["input"].get(group, {}).items():
                    texts |= {(name, key)} if kind == "STRING" else set()
                    assert not any(flag in options for flag in ("image_upload", "remote", "video_upload")), (name, key)
    numbers = {("NRSchedule", "pivot_frames"), ("NRKeyframeLatent", "places"), ("NRKeyframeLatent", "strengths")}
    numbers |= {("NRDragPicture", "path"), ("NRFidelityReport", "joins")}
    assert texts == numbers | {("NRSchedule", "omega_curve"), ("NRFidelityReport", "text")}


@pytest.mark.parametrize("value", [["1", 0], ["9", 0], [0, 0], {"a": 1}, 7, None, ""])
def test_a_value_of_another_kind_ends_in_words(address, value):
    bad = graph(1)
    bad["5"]["inputs"]["omega_curve"] = value
    bad["8"]["inputs"]["filename_prefix"] = f"long/{value!s:.3}"
    answer = post(address, "/prompt", {"prompt": bad})
    if "prompt_id" in answer:
        status, _ = finish(address, answer["prompt_id"])
        assert error_of(status)["exception_message"].startswith("omega_curve: ")
    else:
        assert answer["node_errors"] or answer["error"]
