"""The real host in this process, with the pack in it, as the host loads it; and its nodes, run by their ids."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType

from private_host.setup import COMFYUI, ROOT

PACK = "noise_rectification"


def start_host(*arguments: str) -> ModuleType:
    """Import ComfyUI on the CPU, its built-in nodes and this pack. Returns the host's `nodes` module. About 10 s."""
    if not COMFYUI.is_dir():
        raise RuntimeError(f"There is no ComfyUI in {COMFYUI}. `make test` sets one up; COMFYUI=FOLDER names another.")
    if str(COMFYUI) in sys.path:
        return sys.modules["nodes"]
    sys.path.insert(0, str(COMFYUI))
    sys.argv = ["host", *(arguments or ("--cpu",))]
    import comfy.options
    import utils.install_util  # noqa: F401  (before a dependency's own `utils` takes the name)

    comfy.options.enable_args_parsing()
    import torch

    import nodes as host_nodes

    torch.set_num_threads(1)  # the models are tiny: threads would only wait for one another
    asyncio.run(host_nodes.init_builtin_extra_nodes())
    asyncio.run(host_nodes.load_custom_node(str(ROOT)))
    _call_by_its_one_name()
    return host_nodes


def _call_by_its_one_name() -> None:
    """Make what the host has loaded, under a name made of the folder's path, importable as `noise_rectification`."""
    by_host = next(name for name, m in sys.modules.items() if getattr(m, "__file__", None) == str(ROOT / "__init__.py"))
    for name, module in list(sys.modules.items()):
        if name == by_host or name.startswith(f"{by_host}."):
            sys.modules[PACK + name.removeprefix(by_host)] = module


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
