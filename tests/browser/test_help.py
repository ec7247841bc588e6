"""The help pages, as the host's own panel shows them: each there, and nothing wider than the panel."""

from __future__ import annotations

import json

import pytest
from private_host.pack import ROOT

NODES = json.loads((ROOT / "node_list.json").read_text())
SHOW = """kind => {
    app.graph.clear();
    const node = LiteGraph.createNode(kind);
    node.pos = [420, 200];
    app.graph.add(node);
    app.canvas.selectItems([node]);
    app.canvas.setDirty(true, true);
    return node.title;
}"""
SHOWN = """title => document.querySelector('.node-help-content h1')?.textContent === title
    && [...document.querySelectorAll('.node-help-content img')].every(image => image.complete)"""
TOO_WIDE = """() => {
    const page = document.querySelector('.node-help-content');
    const right = page.getBoundingClientRect().right + 1;
    const lost = [...page.querySelectorAll('img')].filter(image => !image.naturalWidth).map(image => image.src);
    return [...page.querySelectorAll('*')]
        .filter(e => e.getBoundingClientRect().right > right || (e.tagName === 'PRE' && e.scrollWidth > e.clientWidth))
        .map(e => e.tagName + ' ' + e.textContent.slice(0, 40)).concat(lost);
}"""


@pytest.fixture
def help_panel(comfy):
    yield comfy
    comfy.open(**{"Comfy.RightSidePanel.IsOpen": False})


def test_every_page_fits_the_help_panel(help_panel):
    findings = {}
    for kind in NODES:
        title = help_panel.evaluate(SHOW, kind)
        help_panel.wait("() => document.querySelector('[data-testid=info-button]')")
        help_panel.evaluate("() => document.querySelector('[data-testid=info-button]').click()")
        help_panel.wait(SHOWN, title)
        findings[kind] = help_panel.evaluate(TOO_WIDE)
    assert {kind: found for kind, found in findings.items() if found} == {}
