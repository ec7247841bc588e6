"""What the pack uses of the host is there and takes what it is given; and a host that is too old is told so."""

import ast
import asyncio
import importlib
import inspect
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import comfyui_version
import pytest
import torch
from comfy.patcher_extension import WrappersMP, add_wrapper_with_key
from private_host.pack import ROOT, start_host
from private_host.setup import PRIVATE_COMFYUI
from stand_ins.models import sd15

host_nodes = start_host()
ROOMS = sorted((ROOT / "nodes").rglob("*.py"))
HOSTS = re.compile(r"(comfy|comfy_api|nodes|node_helpers|folder_paths|latent_preview)(\.|$)")


def dotted(node: ast.AST) -> str | None:
    """`a.b.c` of an attribute chain, None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (start := dotted(node.value)):
        return f"{start}.{node.attr}"
    return None


def used_symbols() -> set[tuple[str, str]]:
    """(file, `package.module.name`) of all that is imported from the host, or reached through a module of it."""
    found = set()
    for path in ROOMS:
        tree = ast.parse(path.read_text())
        modules = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and not node.level and HOSTS.match(node.module):
                found |= {(path.name, f"{node.module}.{alias.name}") for alias in node.names}
            elif isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names if HOSTS.match(alias.name)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and (name := dotted(node)) and HOSTS.match(name):
                found |= {(path.name, name) for module in modules if name.startswith(module + ".")}
    return found


def resolve(name: str):
    """The object of a dotted name: the longest prefix that is a module, then attributes."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise ImportError(name)


@pytest.mark.parametrize(("file", "name"), sorted(used_symbols()))
def test_the_host_has_what_is_used(file, name):
    try:
        resolve(name)
    except (ImportError, AttributeError):
        pytest.fail(f"This ComfyUI ({comfyui_version.__version__}) has no {name}, which {file} uses.")


def test_the_search_for_symbols_finds_them():
    names = {name for _, name in used_symbols()}
    assert {"comfy.sample.prepare_noise", "comfy.patcher_extension.WrappersMP", "nodes.common_ksampler"} <= names


# Classes of the host whose methods the pack calls on objects that it is given.
OBJECTS = [
    "comfy.model_patcher.ModelPatcher", "comfy.model_base.BaseModel", "comfy.model_sampling.EPS",
    "comfy.model_sampling.CONST", "comfy.model_sampling.ModelSamplingDiscrete", "comfy.sd.VAE", "comfy.sd.CLIP",
    "comfy.clip_vision.ClipVisionModel",
]  # fmt: skip


def calls() -> set[tuple[str, str, int, tuple[str | None, ...]]]:
    """(file, function of the host, positional arguments, keywords) of each call in the pack; a keyword None is `**`.

    A method is looked for in every class of OBJECTS that has it. Left out: names that tensors or modules have too, and
    schemas, which the host reads when it starts.
    """
    found = set()
    for path in ROOMS:
        tree = ast.parse(path.read_text())
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
        names = {alias.name: f"{node.module}.{alias.name}" for node in imports for alias in node.names}
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            keywords = tuple(keyword.arg for keyword in call.keywords)
            if any(isinstance(argument, ast.Starred) for argument in call.args):
                continue
            name = dotted(call.func) or ""
            targets = [(names.get(name, name), len(call.args))]
            method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if method and not any(hasattr(kind, method) for kind in (torch.Tensor, torch.nn.Module)):
                methods = [f"{kind}.{method}" for kind in OBJECTS if hasattr(resolve(kind), method)]
                targets += [(method, len(call.args) + 1) for method in methods]  # and self
            targets = [(name, count) for name, count in targets if HOSTS.match(name) and "comfy_api" not in name]
            found |= {(path.name, name, count, keywords) for name, count in targets}
    return found


@pytest.mark.parametrize(("file", "name", "positional", "keywords"), sorted(calls(), key=str))
def test_the_hosts_functions_take_what_they_are_given(file, name, positional, keywords):
    signature = inspect.signature(resolve(name))
    bind = signature.bind_partial if None in keywords else signature.bind
    try:
        bind(*[None] * positional, **dict.fromkeys(keyword for keyword in keywords if keyword))
    except TypeError as error:
        pytest.fail(f"{name} of this ComfyUI ({comfyui_version.__version__}) is called otherwise by {file}: {error}")


def test_the_search_for_calls_finds_functions_and_methods():
    names = {name for _, name, *_ in calls()}
    assert {"comfy.sample.prepare_noise", "comfy.sd.VAE.encode", "comfy.model_sampling.CONST.noise_scaling"} <= names
    assert {
        "comfy.model_base.BaseModel.process_latent_in",
        "comfy.model_patcher.ModelPatcher.get_model_object",
    } <= names


def test_the_wrappers_are_called_with_what_they_read():
    """Of each hook, by position: what the pack takes it for."""
    model, seen = sd15(), {}

    def record(kind):
        def wrapper(executor, *args, **kwargs):
            seen.setdefault(kind, (args, kwargs, executor, dict(vars(args[0]))))  # a guider forgets its model after
            return executor(*args, **kwargs)

        return wrapper

    for kind in (WrappersMP.OUTER_SAMPLE, WrappersMP.SAMPLER_SAMPLE, WrappersMP.PREDICT_NOISE):
        add_wrapper_with_key(kind, "record", record(kind), model.model_options, is_model_options=True)
    latent = torch.ones(2, 4, 8, 8)
    prompt = [[torch.zeros(1, 4, 16), {}]]
    host_nodes.common_ksampler(model, 0, 2, 1.0, "euler", "normal", prompt, prompt, {"samples": latent})

    (noise, latent_image, _, sigmas, *_), kwargs, executor, _ = seen[WrappersMP.OUTER_SAMPLE]
    assert noise.shape == latent_image.shape == latent.shape and sigmas.ndim == 1
    assert torch.equal(latent_image, latent) and "model_options" in vars(executor.class_obj)
    assert [tuple(shape) for shape in kwargs.get("latent_shapes") or [latent.shape]] == [latent.shape]
    (_, sigmas, extra, _, noise, latent_image, mask, *_), *_, guider = seen[WrappersMP.SAMPLER_SAMPLE]
    assert guider["inner_model"].model_sampling.sigma_max > 0 and sigmas.ndim == 1 and mask is None
    assert noise.shape == latent_image.shape == latent.shape and isinstance(extra, dict)
    (x, timestep, *_), *_ = seen[WrappersMP.PREDICT_NOISE]
    assert x.shape == latent.shape and float(timestep.flatten()[0]) == pytest.approx(float(sigmas[0]), rel=1e-3)


# ---- what newer hosts have and the floor does not: CONTRIBUTING.md's table

ROW = re.compile(r"^\| `((?:comfy|comfy_api)\.[\w.]+)` \| ([\d.]+) \| `([\w/.]+)` \| .+ \|$", re.MULTILINE)
NEWER = ROW.findall((ROOT / "CONTRIBUTING.md").read_text())


def is_there(name: str) -> bool:
    """Whether this host has it; a field of a dataclass counts, whatever its default."""
    start, _, last = name.rpartition(".")
    try:
        found = resolve(start)
    except (ImportError, AttributeError):
        return False
    return hasattr(found, last) or last in getattr(found, "__annotations__", {})


def test_the_table_of_newer_features_is_found():
    assert len(NEWER) >= 7


@pytest.mark.parametrize(("name", "since", "room"), NEWER)
def test_a_newer_feature_is_there_since_the_version_that_the_table_names(name, since, room):
    assert is_there(name) != loaded_pack()._is_older(comfyui_version.__version__, since)
    assert (ROOT / "nodes" / room).is_file()


def test_no_newer_feature_is_used_as_if_all_hosts_had_it():
    assert not {name for _, name in used_symbols()} & {name for name, _, _ in NEWER}


# ---- a host older than the floor


def loaded_pack():
    return next(m for m in list(sys.modules.values()) if str(getattr(m, "__file__", "")) == str(ROOT / "__init__.py"))


@pytest.mark.parametrize("version", ["0.3.74", "0.2.99", ""])
def test_a_host_that_is_too_old_gets_one_line_and_no_nodes(version, monkeypatch, caplog, tmp_path):
    if version:
        monkeypatch.setattr(comfyui_version, "__version__", version)
    else:
        monkeypatch.setitem(sys.modules, "comfyui_version", None)
    pack = tmp_path / "noise-rectification"
    pack.symlink_to(ROOT)
    before = dict(host_nodes.NODE_CLASS_MAPPINGS)
    with ThreadPoolExecutor(1) as thread:  # this one has the browser tests' event loop when all are run
        assert thread.submit(asyncio.run, host_nodes.load_custom_node(str(pack))).result()
    assert before == host_nodes.NODE_CLASS_MAPPINGS
    (said,) = (record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR"))
    assert "needs ComfyUI 0.3.75 or newer" in said and (version or "older") in said


@pytest.mark.parametrize(("version", "older"), [("0.3.75", False), ("0.3.100", False), ("1.0.0", False),
                                                ("0.3.75-rc1", False), ("0.3.9", True)])  # fmt: skip
def test_versions_are_compared_as_numbers(version, older):
    assert loaded_pack()._is_older(version, loaded_pack().HOST_FLOOR) == older


def test_the_floor_is_the_one_of_the_package():
    assert f'requires-comfyui = ">={loaded_pack().HOST_FLOOR}"' in (ROOT / "pyproject.toml").read_text()


def test_the_suite_runs_on_the_floor_unless_told_otherwise():
    private = (PRIVATE_COMFYUI / "comfyui_version.py").read_text()
    assert f'"{loaded_pack().HOST_FLOOR}"' in private
