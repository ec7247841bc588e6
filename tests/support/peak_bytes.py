"""How many bytes of tensors an operation of torch's makes are alive at once: on any device, the same every time."""

from __future__ import annotations

import weakref

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class PeakBytes(TorchDispatchMode):
    """Counts the storages that are made while it is entered: `peak` is the most bytes that were alive at once."""

    def __init__(self):
        super().__init__()
        self.alive, self.peak = {}, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        known = {storage._cdata for storage in storages((args, kwargs))}
        made = function(*args, **(kwargs or {}))
        for storage in storages(made):
            if storage._cdata not in known and storage._cdata not in self.alive:
                self.alive[storage._cdata] = storage.nbytes()
                self.peak = max(self.peak, sum(self.alive.values()))
                weakref.finalize(storage, self.alive.pop, storage._cdata, None)
        return made


def storages(tree):
    return [leaf.untyped_storage() for leaf in tree_leaves(tree) if hasattr(leaf, "untyped_storage")]
