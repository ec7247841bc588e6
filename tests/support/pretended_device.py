"""A device that is not there: numbers lie in memory as ever, and torch takes them for another device's.

    with PretendedDevice("mps") as there:
        run(there.take(picture))

An operation that mixes its tensors with others is refused, as on a real one; so is a view by numpy, and on "mps" what
Apple's GPUs lack. Copies in and out work as ever, by `to`, `cpu`, `copy_` and assignment.
"""

from __future__ import annotations

import torch
from torch.nn.functional import grid_sample, interpolate
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map


class Elsewhere(torch.Tensor):
    """A tensor that lies on the pretended device."""


CROSSING = {torch.Tensor.copy_, torch.Tensor.__setitem__}
LACKED_BY_APPLE = "not currently implemented for the MPS device"


class PretendedDevice(TorchFunctionMode):
    def __init__(self, kind: str):
        super().__init__()
        self.kind, self.device, self.calls, self.entered = kind, torch.device(kind), 0, False

    def __enter__(self):
        self.entered = True
        return super().__enter__()

    def __exit__(self, *error):
        self.entered = False
        return super().__exit__(*error)

    def take(self, value):
        """Tensors, alone or in lists and dicts, as ones that lie there."""
        return tree_map(lambda leaf: leaf.as_subclass(Elsewhere) if isinstance(leaf, torch.Tensor) else leaf, value)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        there = [tensor for tensor in tensors if isinstance(tensor, Elsewhere)]
        if function == torch.Tensor.device.__get__:
            return self.device if there else function(*args)
        if function is torch.Tensor.to:
            return self._to(*args, **kwargs)
        if function is torch.Tensor.cpu:
            return args[0].as_subclass(torch.Tensor)
        if function is torch.Tensor.as_subclass:
            return function(*args, **kwargs)
        if self._is_here(kwargs.get("device")):
            return function(*args, **{**kwargs, "device": "cpu"}).as_subclass(Elsewhere)
        if kwargs.get("device") is not None:
            return function(*args, **kwargs).as_subclass(torch.Tensor)
        if there:
            self.calls += 1
            self._refuse(function, args, kwargs, tensors)
        out = function(*args, **kwargs)
        return args[0] if function is torch.Tensor.copy_ else out

    def _refuse(self, function, args, kwargs, tensors):
        if function is torch.Tensor.numpy or function is torch.Tensor.__array__:
            raise TypeError(f"can't convert {self.kind}:0 device type tensor to numpy. Use Tensor.cpu() first.")
        if function in CROSSING:
            return
        # An index and a number on the CPU go with any device.
        mixed = tensors[:1] if function is torch.Tensor.__getitem__ else [t for t in tensors if t.ndim > 0]
        if len({isinstance(tensor, Elsewhere) for tensor in mixed}) > 1:
            raise RuntimeError(f"Expected all tensors to be on the same device: {function.__name__}")
        if self.kind == "mps":
            self._refuse_what_apple_lacks(function, args, kwargs)

    def _refuse_what_apple_lacks(self, function, args, kwargs):
        if function is grid_sample:
            raise NotImplementedError(f"grid_sample: {LACKED_BY_APPLE}")
        if function is interpolate:
            size = kwargs.get("size", args[1] if len(args) > 1 else None)
            divides = all(have % want == 0 for have, want in zip(args[0].shape[2:], size or (), strict=False))
            if kwargs.get("antialias") or (kwargs.get("mode") == "area" and not divides):
                raise NotImplementedError(f"interpolate: {LACKED_BY_APPLE}")
        if any(leaf.dtype == torch.float64 for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)):
            raise TypeError(
                "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64."
            )

    def _is_here(self, device) -> bool:
        return device is not None and torch.device(device).type == self.kind

    def _to(self, tensor, *args, **kwargs):
        stays = isinstance(tensor, Elsewhere)
        asked = [kwargs.pop("device", None), *args]
        target, rest = stays, []
        for argument in asked:
            if isinstance(argument, torch.Tensor):
                target = isinstance(argument, Elsewhere)
                rest.append(argument.dtype)
            elif isinstance(argument, (str, torch.device)):
                target = self._is_here(argument)
            elif argument is not None:
                rest.append(argument)
        moved = tensor.as_subclass(torch.Tensor).to(*rest, **kwargs) if rest or kwargs else tensor
        return moved.as_subclass(Elsewhere if target else torch.Tensor)
