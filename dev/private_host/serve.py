"""`make serve`: the private ComfyUI, with this pack in it, for a person to play with."""

import contextlib
import signal

from private_host.server import comfyui
from private_host.setup import HOST

if __name__ == "__main__":
    with comfyui(HOST / "demo", show_log=True) as address:
        print(
            f"\n  Open {address} in a browser; press Ctrl+C here to stop.\n"
            "  Workflow > Browse Templates > noise-rectification has the demo graph.\n",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
