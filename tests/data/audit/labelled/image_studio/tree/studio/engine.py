import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DiffusionPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLPipeline,
)
from huggingface_hub import hf_hub_download

from studio.presets import BASE_XL, CONTROLS, PRESETS, REFINER

VAE_ID = "madebyollin/sdxl-vae-fp16-fix"


class Engine:
    CATEGORY = "image/generation"

    def __init__(self, preset=None, device="cuda"):
        self.base = preset.base if preset else BASE_XL
        self.vae = AutoencoderKL.from_pretrained(VAE_ID, torch_dtype=torch.float16)
        self.pipe = StableDiffusionXLPipeline.from_pretrained(self.base, vae=self.vae, variant="fp16")
        self.refiner = DiffusionPipeline.from_pretrained(REFINER)

    def control(self, kind):
        net = ControlNetModel.from_pretrained(CONTROLS[kind])
        return StableDiffusionXLControlNetPipeline.from_pretrained(self.base, controlnet=net)

    def adapters(self):
        self.pipe.load_ip_adapter("h94/IP-Adapter", subfolder="sdxl_models", weight_name="ip-adapter_sdxl.bin")
        for preset in PRESETS:
            for lora in preset.loras:
                self.pipe.load_lora_weights(lora)

    def hyper(self):
        path = hf_hub_download("ByteDance/Hyper-SD", "Hyper-SDXL-8steps-lora.safetensors")
        self.pipe.load_lora_weights(path)
