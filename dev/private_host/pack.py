"""Loads the pack for tests: the core alone, or the whole pack inside the real host, as the host loads it."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from comfyui_setup import COMFYUI, ROOT

CORE = "nr_core"


def load_core() -> None:
    """Make the core importable as `nr_core`, without the host and without the repository on sys.path."""
    if CORE not in sys.modules:
        folder = ROOT / "nodes" / "core"
        spec = importlib.util.spec_from_file_location(
            CORE, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        sys.modules[CORE] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[CORE])


def start_host() -> ModuleType:
    """Import ComfyUI on the CPU, its built-in nodes and this pack. Returns the host's `nodes` module. About 10 s."""
    if not COMFYUI.is_dir():
        raise RuntimeError(f"There is no ComfyUI in {COMFYUI}. `make test` sets one up; COMFYUI=FOLDER names another.")
    if str(COMFYUI) in sys.path:
        return sys.modules["nodes"]
    sys.path.insert(0, str(COMFYUI))
    sys.argv = ["host", "--cpu"]
    import comfy.options
    import utils.install_util  # noqa: F401  (before a dependency's own `utils` takes the name)

    comfy.options.enable_args_parsing()
    import torch

    import nodes as host_nodes

    torch.set_num_threads(1)  # the models are tiny: threads would only wait for one another
    asyncio.run(host_nodes.init_builtin_extra_nodes())
    asyncio.run(host_nodes.load_custom_node(str(ROOT)))
    return host_nodes


def pack_module(name: str) -> ModuleType:
    """A module of the loaded pack, by its dotted path below the pack's root, as in `nodes.core.schedule`."""
    return next(
        module
        for loaded, module in list(sys.modules.items())
        if loaded.endswith(f".{name}") and Path(module.__file__ or "").is_relative_to(ROOT / "nodes")
    )


def run_node(node_id: str, **inputs) -> tuple:
    """Run a node of the host or of the pack by its id; returns its outputs.

    What is required and not given gets its default, as on the page: newer hosts have inputs that older ones do not.
    """
    cls = sys.modules["nodes"].NODE_CLASS_MAPPINGS[node_id]
    if hasattr(cls, "define_schema"):
        schema = cls.define_schema()
        required = [entry for entry in schema.inputs or [] if not entry.optional]
        defaults = {entry.id: entry.default for entry in required if getattr(entry, "default", None) is not None}
        if schema.is_input_list:
            defaults = {name: [value] for name, value in defaults.items()}
        return tuple(cls.execute(**{**defaults, **inputs}).args)
    return tuple(getattr(cls(), cls.FUNCTION)(**inputs))
