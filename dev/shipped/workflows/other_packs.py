"""Nodes of other packs, as their pack describes them to the frontend: only what the graphs need."""

ANIMATEDIFF_OPTIONS = {
    "context_options": ["CONTEXT_OPTIONS"],
    "motion_lora": ["MOTION_LORA"],
    "ad_settings": ["AD_SETTINGS"],
    "ad_keyframes": ["AD_KEYFRAMES"],
    "sample_settings": ["SAMPLE_SETTINGS"],
    "scale_multival": ["MULTIVAL"],
    "effect_multival": ["MULTIVAL"],
    "per_block": ["PER_BLOCK"],
}
OTHER_PACKS = {
    "ADE_AnimateDiffLoaderGen1": {
        "name": "ADE_AnimateDiffLoaderGen1",
        "display_name": "AnimateDiff Loader 🎭🅐🅓①",
        "description": "",
        "category": "Animate Diff",
        "python_module": "custom_nodes.ComfyUI-AnimateDiff-Evolved",
        "output_node": False,
        "input": {
            "required": {
                "model": ["MODEL"],
                "model_name": [["mm_sd_v15_v2.ckpt"]],
                "beta_schedule": [["autoselect"], {"default": "autoselect"}],
            },
            "optional": ANIMATEDIFF_OPTIONS,
        },
        "input_order": {
            "required": ["model", "model_name", "beta_schedule"],
            "optional": list(ANIMATEDIFF_OPTIONS),
        },
        "output": ["MODEL"],
        "output_name": ["MODEL"],
        "output_is_list": [False],
    }
}
