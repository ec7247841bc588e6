"""Pictures of the editor in the real frontends.

.host/venv/bin/python dev/shipped/make_editor_pictures.py           js/docs/editor.png, of the README and the help
.host/venv/bin/python dev/shipped/make_editor_pictures.py FOLDER    pictures to look at, on both frontends, both
                                                                    canvases, in the dark and the light theme: a
                                                                    shaped curve, the least size, a link, the menu
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from private_host import chromium
from private_host.editor_page import ComfyPage
from private_host.frontends import FRONTENDS, NEWER, running_server
from private_host.setup import ROOT

SHAPED = {"points": [[0, 1], [0.2, 0.85], [0.45, 0.3], [0.7, 0.25], [1, 0.6]], "interpolation": "monotone_cubic"}
STEPPED = {"points": [[0, 0.2], [0.4, 0.2], [0.4, 0.9], [1, 0.6]], "interpolation": "linear"}
SCENE = """
([shaped, stepped]) => {
    const add = (x, y, size, values) => {
        const node = LiteGraph.createNode('NRSchedule');
        node.pos = [x, y];
        app.graph.add(node);
        node.setSize(size);
        for (const [name, value] of Object.entries(values)) {
            const widget = node.widgets.find(candidate => candidate.name === name);
            widget.value = value;
            widget.callback?.(value);
        }
        return node;
    };
    add(80, 120, [520, 760], { omega_curve: shaped, tau_start: 0.1, tau_end: 0.75, tau_ramp: 0.15, strength: 0.9 });
    add(640, 120, [100, 100], { omega_curve: stepped, tau_ramp: 0.2 });
    const linked = add(940, 120, [320, 580], {});
    const source = LiteGraph.createNode('PrimitiveFloat');
    source.pos = [640, 800];
    app.graph.add(source);
    source.connect(0, linked, linked.inputs.findIndex(input => input.name === 'omega'));
    add(1300, 120, [320, 580], {});
    app.canvas.setDirty(true, true);
}
"""


def take(comfy: ComfyPage, folder: Path, name: str) -> None:
    for theme in ("dark", "light"):
        comfy.start_test()
        comfy.evaluate("theme => app.extensionManager.setting.set('Comfy.ColorPalette', theme)", theme)
        comfy.evaluate(SCENE, [json.dumps(SHAPED), json.dumps(STEPPED)])
        comfy.wait_drawn(4)
        comfy.wait("() => [...document.querySelectorAll('.nr-linked')].some(e => e.textContent)")
        comfy.page.locator(".nr-opener").last.click()
        comfy.page.screenshot(path=folder / f"{name}-{theme}.png")
    comfy.evaluate("() => app.extensionManager.setting.set('Comfy.ColorPalette', 'dark')")


def take_one(comfy: ComfyPage, path: Path) -> None:
    """The node alone, with a shaped curve and the pointer on a frame: the picture of the README."""
    comfy.start_test()
    comfy.add_schedule(x=200, y=120, size=(290, 640))
    comfy.evaluate(
        """values => {
            for (const widget of app.graph._nodes[0].widgets) {
                if (!(widget.name in values)) continue;
                widget.value = values[widget.name];
                widget.callback?.(widget.value);
            }
        }""",
        {"omega_curve": json.dumps(SHAPED), "tau_end": 0.75, "tau_ramp": 0.2},
    )
    comfy.wait_drawn()
    comfy.page.mouse.move(*comfy.at(8 / 15, 0.6))
    comfy.wait("() => document.querySelector('.nr-status').textContent.startsWith('frame 9')")
    comfy.settle()
    comfy.page.locator("[data-node-id]").screenshot(path=path)


def to_look_at(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as temporary:
        browser = chromium.launch(playwright)
        for frontend in FRONTENDS:
            with running_server(frontend, Path(temporary) / frontend) as address:
                for canvas in ("legacy", "vue"):
                    page = browser.new_page(viewport={"width": 1660, "height": 940})
                    comfy = ComfyPage(page, address, vue=canvas == "vue")
                    comfy.open()
                    take(comfy, folder, f"{frontend}-{canvas}")
                    page.close()
        browser.close()


def for_the_help() -> None:
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as temporary,
        running_server(NEWER, Path(temporary)) as address,
    ):
        browser = chromium.launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 940}, device_scale_factor=2)
        comfy = ComfyPage(page, address, vue=True)
        comfy.open()
        take_one(comfy, ROOT / "js" / "docs" / "editor.png")
        browser.close()


if __name__ == "__main__":
    to_look_at(Path(sys.argv[1])) if sys.argv[1:] else for_the_help()
