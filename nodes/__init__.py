"""The rooms of the pack. A node file reads like a menu; `core` is the method, `host` asks ComfyUI for what it needs."""

CATEGORY = "noise rectification"  # where the host's menus show the nodes
