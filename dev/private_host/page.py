"""ComfyUI's page in a browser, as tests, benchmarks and makers of pictures open it."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page
from private_host.server import post

# No tour, no news, nothing kept from the last visit, nothing over the canvas.
SETTINGS = {
    "Comfy.TutorialCompleted": True,
    "Comfy.Locale": "en",
    "Comfy.Workflow.Persist": False,
    "Comfy.Minimap.Visible": False,
    "Comfy.Graph.CanvasInfo": False,
    "Comfy.Release.Status": "skipped",
    "Comfy.UseNewMenu": "Top",
}
READY = """() => window.app?.canvas && app.vueAppReady && window.LiteGraph?.registered_node_types?.NRSchedule
    && !document.querySelector('.p-progressspinner')"""
# Complaints of the host about things that are not there (no network, no user files, an older server than the frontend):
# they come without this pack too.
HOST_NOISE = ("Failed to load resource", "net::ERR_", "JobsApiError")


def open_page(page: Page, address: str, **settings) -> None:
    """Open the page afresh, with these settings of the host beside SETTINGS, and wait until it is ready."""
    post(address, "/settings", {**SETTINGS, **settings})
    page.goto(address)
    page.wait_for_function(READY)


def collect_problems(page: Page) -> list[str]:
    """A list that takes up the page's errors and its console's, as they come."""
    problems: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(noise in message.text for noise in HOST_NOISE):
            problems.append(f"console error: {message.text} ({message.location.get('url')})")

    page.on("pageerror", lambda error: problems.append(f"page error: {error}\n{error.stack}"))
    page.on("console", on_console)
    return problems
