"""Debian's Chromium, as the tests and the makers of pictures drive it."""

import shutil

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def launch(playwright):
    """A browser. Its absence is an error, never a reason to skip."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise RuntimeError("No Chromium is installed: the editor cannot be tested. `apt-get install chromium`.")
    return playwright.chromium.launch(executable_path=path, args=FLAGS)
