"""What a device cannot do is done on the CPU; this is the one place that knows of it.

Apple's GPUs lack some of torch's operations, more of them the older torch is: reading bicubic or beyond borders (before
2.13), areas that do not divide, low-passed resizing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

LACKING = ("mps",)  # types of devices on which such operations are not tried


def able(device: torch.device) -> torch.device:
    """The device, or the CPU in its place where work of many such operations would go there and back each time."""
    return torch.device("cpu") if device.type in LACKING else device


def where_able(operation: Callable[..., Tensor], *tensors: Tensor, **options: Any) -> Tensor:
    """`operation` on tensors of one device; on the CPU, and back from there, where that device may lack it."""
    device = tensors[0].device
    if device.type not in LACKING:
        return operation(*tensors, **options)
    return operation(*(tensor.cpu() for tensor in tensors), **options).to(device)
