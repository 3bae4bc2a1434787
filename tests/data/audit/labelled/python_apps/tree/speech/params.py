from pydantic import BaseModel, Field


class WhisperParams(BaseModel):
    model_size: str = Field(default="large-v2", description="which one")
    separator: str = Field(default="UVR-MDX-NET-Inst_HQ_3")
    language: str = Field(default="small")
