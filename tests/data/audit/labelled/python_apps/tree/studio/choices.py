from enum import Enum

from pydantic import BaseModel, Field

EDGE_NAME = "foldwork/edge-painter"
PAINTERS = [
    "foldwork/Paint-It-Real-v3",
    # "foldwork/paint_it_sd15_seg",
    EDGE_NAME,
]
MASKERS = ["foldwork/random_mask"]


class BackgroundModel(Enum):
    u2net = "u2net"
    general = "isnet-general-use"
    portrait = "birefnet-portrait"


class UpscaleModel(str, Enum):
    plus = "RealESRGAN_x4plus"
    small = "realesr-general-x4v3"


class Request(BaseModel):
    masker: str = Field(MASKERS[0], description="how the mask is drawn")
    prompt: str = Field("", description="what to draw")
