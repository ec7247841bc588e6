"""The editor in real Chromium, on both of the host's frontends and both of its canvases.

One server for each frontend, one browser, one page for each combination: a test clears the graph, not the page.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright
from private_host import chromium
from private_host.editor_page import ComfyPage
from private_host.frontends import FRONTENDS, running_server


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session", params=FRONTENDS)
def server(request, tmp_path_factory):
    """The address of a server with one of the frontends."""
    with running_server(request.param, tmp_path_factory.mktemp("server") / "base") as address:
        yield address


@pytest.fixture(scope="session", params=["legacy", "vue"])
def opened(request, server, browser):
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    comfy = ComfyPage(context.new_page(), server, vue=request.param == "vue")
    comfy.open()
    yield comfy
    context.close()


@pytest.fixture
def comfy(opened):
    """The page with an empty graph. An error on the page or its console fails the test."""
    opened.start_test()
    yield opened
    assert not opened.problems, "\n".join(opened.problems)
