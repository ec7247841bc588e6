"""The pack's one logger. What it says while a node runs is sent to the page as well, which shows it on that node."""

import logging
import sys

from comfy_execution.utils import get_executing_context

EVENT = "noise_rectification.log"

logger = logging.getLogger("noise_rectification")


class OnTheNode(logging.Handler):
    """Tells the page what is logged while a node runs: a node of any pack, where a patched model speaks."""

    def emit(self, record: logging.LogRecord) -> None:
        context, server = get_executing_context(), _server()
        if context is not None and server is not None:
            server.send_sync(EVENT, {"node": context.node_id, "line": self.format(record)}, server.client_id)


def _server():
    """The host's server; None where the host is only a library, as in tests, which must not load it."""
    module = sys.modules.get("server")
    return getattr(module.PromptServer, "instance", None) if module else None


logger.addHandler(OnTheNode(logging.INFO))


def say_if_odd(name: str, width: int, height: int) -> None:
    """Say that frames of this size cannot become a video file: its codecs share colours between pairs of pixels."""
    if width % 2 or height % 2:
        even = f"{max(2, width - width % 2)} x {max(2, height - height % 2)}"
        logger.warning(
            "%s: frames of %s x %s cannot be saved as a video: its codecs want an even width and height, and Save "
            "Video fails on others. Crop the picture to %s before it comes here.", name, width, height, even,
        )  # fmt: skip
