"""The official model files that the graphs name, and where their owners publish them."""

# Official files: name -> (folder under models/, address).
HUGGING_FACE = "https://huggingface.co/"
WAN_21 = HUGGING_FACE + "Comfy-Org/Wan_2.1_ComfyUI_repackaged/resolve/main/split_files/"
WAN_22 = HUGGING_FACE + "Comfy-Org/Wan_2.2_ComfyUI_Repackaged/resolve/main/split_files/"
HUNYUAN = HUGGING_FACE + "Comfy-Org/HunyuanVideo_repackaged/resolve/main/split_files/"
HUNYUAN_15 = HUGGING_FACE + "Comfy-Org/HunyuanVideo_1.5_repackaged/resolve/main/split_files/"
LTX_2 = HUGGING_FACE + "Comfy-Org/ltx-2/resolve/main/split_files/"
LTX_23 = HUGGING_FACE + "Comfy-Org/ltx-2.3/resolve/main/split_files/"
MINIMAX_H3 = HUGGING_FACE + "Comfy-Org/MiniMax-H3/resolve/main/"
SPLIT_FILES = {
    WAN_21: [
        "diffusion_models/wan2.1_i2v_480p_14B_fp16.safetensors",
        "diffusion_models/wan2.1_t2v_1.3B_fp16.safetensors",
        "diffusion_models/wan2.1_flf2v_720p_14B_fp16.safetensors",
        "diffusion_models/wan2.1_vace_14B_fp16.safetensors",
        "text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors",
        "vae/wan_2.1_vae.safetensors",
        "clip_vision/clip_vision_h.safetensors",
    ],
    WAN_22: [
        "diffusion_models/wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors",
        "diffusion_models/wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors",
        "diffusion_models/wan2.2_ti2v_5B_fp16.safetensors",
        "diffusion_models/wan2.2_s2v_14B_fp8_scaled.safetensors",
        "loras/wan2.2_i2v_lightx2v_4steps_lora_v1_high_noise.safetensors",
        "loras/wan2.2_i2v_lightx2v_4steps_lora_v1_low_noise.safetensors",
        "loras/wan2.2_t2v_lightx2v_4steps_lora_v1.1_high_noise.safetensors",
        "audio_encoders/wav2vec2_large_english_fp16.safetensors",
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
        "diffusion_models/hunyuanvideo1.5_1080p_sr_distilled_fp16.safetensors",
        "latent_upscale_models/hunyuanvideo15_latent_upsampler_1080p.safetensors",
        "text_encoders/qwen_2.5_vl_7b_fp8_scaled.safetensors",
        "text_encoders/byt5_small_glyphxl_fp16.safetensors",
        "vae/hunyuanvideo15_vae_fp16.safetensors",
    ],
    LTX_2: ["text_encoders/gemma_3_12B_it_fp4_mixed.safetensors"],
    LTX_23: ["loras/ltx_2.3_22b_distilled_1.1_lora_dynamic_fro09_avg_rank_111_bf16.safetensors"],
    MINIMAX_H3: [
        "diffusion_models/minimax_h3_fl2va_pruned_int8_convrot.safetensors",
        "text_encoders/qwen3vl_32b_minimax_h3_nvfp4_awq.safetensors",
        "vae/minimax_h3_video_vae_int8_convrot.safetensors",
        "vae/minimax_h3_audio_vae_fp32.safetensors",
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
        (
            "Wan21_CausVid_14B_T2V_lora_rank32.safetensors",
            "loras",
            "Kijai/WanVideo_comfy/resolve/main/",
        ),
        (
            "kandinsky5lite_i2v_5s.safetensors",
            "diffusion_models",
            "kandinskylab/Kandinsky-5.0-I2V-Lite-5s/resolve/main/model/",
        ),
        ("ltx-2.3-22b-dev-fp8.safetensors", "checkpoints", "Lightricks/LTX-2.3-fp8/resolve/main/"),
        (
            "ltx-2.3-spatial-upscaler-x2-1.1.safetensors",
            "latent_upscale_models",
            "Lightricks/LTX-2.3/resolve/main/",
        ),
        ("mm_sd_v15_v2.ckpt", "animatediff_models", "guoyww/animatediff/resolve/main/"),
    ]
}
