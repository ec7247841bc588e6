"""The pack under its one name, as `noise_rectification.nodes…`, without the repository on sys.path.

There its `nodes` would hide the host's module of that name. Once the host runs in this process (private_host.pack),
the name stands for the modules that the host has loaded.
"""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[1])]
