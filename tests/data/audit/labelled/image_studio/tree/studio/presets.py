from dataclasses import dataclass, field


@dataclass
class Preset:
    title: str
    base: str
    refiner: str | None = None
    loras: list = field(default_factory=list)


PRESETS = [
    Preset("Photo", "SG161222/RealVisXL_V4.0"),
    Preset("Fast", base="stabilityai/sdxl-turbo"),
    Preset(
        title="Drawing",
        base="cagliostrolab/animagine-xl-3.1",
        loras=["latent-consistency/lcm-lora-sdxl"],
    ),
]
BASE_XL = "stabilityai/stable-diffusion-xl-base-1.0"
REFINER = "stabilityai/stable-diffusion-xl-refiner-1.0"
CONTROLS = dict(
    canny="diffusers/controlnet-canny-sdxl-1.0",
    depth="diffusers/controlnet-depth-sdxl-1.0",
)
