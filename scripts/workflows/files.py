"""The official model files that the graphs name, and where their owners publish them."""

# Official files: name -> (folder under models/, address).
HUGGING_FACE = "https://huggingface.co/"
WAN_21 = HUGGING_FACE + "Comfy-Org/Wan_2.1_ComfyUI_repackaged/resolve/main/split_files/"
WAN_22 = HUGGING_FACE + "Comfy-Org/Wan_2.2_ComfyUI_Repackaged/resolve/main/split_files/"
HUNYUAN = HUGGING_FACE + "Comfy-Org/HunyuanVideo_repackaged/resolve/main/split_files/"
HUNYUAN_15 = HUGGING_FACE + "Comfy-Org/HunyuanVideo_1.5_repackaged/resolve/main/split_files/"
SPLIT_FILES = {
    WAN_21: [
        "diffusion_models/wan2.1_i2v_480p_14B_fp16.safetensors",
        "diffusion_models/wan2.1_t2v_1.3B_fp16.safetensors",
        "diffusion_models/wan2.1_flf2v_720p_14B_fp16.safetensors",
        "text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors",
        "vae/wan_2.1_vae.safetensors",
        "clip_vision/clip_vision_h.safetensors",
    ],
    WAN_22: [
        "diffusion_models/wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors",
        "diffusion_models/wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors",
        "diffusion_models/wan2.2_ti2v_5B_fp16.safetensors",
        "vae/wan2.2_vae.safetensors",
    ],
    HUNYUAN: [
        "diffusion_models/hunyuan_video_v2_replace_image_to_video_720p_bf16.safetensors",
        "text_encoders/clip_l.safetensors",
        "text_encoders/llava_llama3_fp8_scaled.safetensors",
        "vae/hunyuan_video_vae_bf16.safetensors",
        "clip_vision/llava_llama3_vision.safetensors",
    ],
    HUNYUAN_15: [
        "diffusion_models/hunyuanvideo1.5_720p_i2v_fp16.safetensors",
        "text_encoders/qwen_2.5_vl_7b_fp8_scaled.safetensors",
        "text_encoders/byt5_small_glyphxl_fp16.safetensors",
        "vae/hunyuanvideo15_vae_fp16.safetensors",
    ],
}
FILES = {path.split("/")[1]: (path.split("/")[0], base + path) for base, paths in SPLIT_FILES.items() for path in paths}
FILES |= {
    name: (folder, HUGGING_FACE + path + name)
    for name, folder, path in [
        ("sigclip_vision_patch14_384.safetensors", "clip_vision", "Comfy-Org/sigclip_vision_384/resolve/main/"),
        ("ltx-video-2b-v0.9.5.safetensors", "checkpoints", "Lightricks/LTX-Video/resolve/main/"),
        ("t5xxl_fp16.safetensors", "text_encoders", "comfyanonymous/flux_text_encoders/resolve/main/"),
        (
            "cosmos_predict2_2B_video2world_480p_16fps.safetensors",
            "diffusion_models",
            "Comfy-Org/Cosmos_Predict2_repackaged/resolve/main/",
        ),
        (
            "oldt5_xxl_fp8_e4m3fn_scaled.safetensors",
            "text_encoders",
            "comfyanonymous/cosmos_1.0_text_encoder_and_VAE_ComfyUI/resolve/main/text_encoders/",
        ),
        (
            "mochi_preview_bf16.safetensors",
            "diffusion_models",
            "Comfy-Org/mochi_preview_repackaged/resolve/main/split_files/diffusion_models/",
        ),
        ("mochi_vae.safetensors", "vae", "Comfy-Org/mochi_preview_repackaged/resolve/main/split_files/vae/"),
        ("svd.safetensors", "checkpoints", "stabilityai/stable-video-diffusion-img2vid/resolve/main/"),
        (
            "v1-5-pruned-emaonly-fp16.safetensors",
            "checkpoints",
            "Comfy-Org/stable-diffusion-v1-5-archive/resolve/main/",
        ),
        ("mm_sd_v15_v2.ckpt", "animatediff_models", "guoyww/animatediff/resolve/main/"),
    ]
}
