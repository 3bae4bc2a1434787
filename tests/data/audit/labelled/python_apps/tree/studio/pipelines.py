import torch
from diffusers import DiffusionPipeline

from studio.choices import EDGE_NAME

EXAMPLE = """
    Examples:
        >>> from diffusers import DiffusionPipeline
        >>> pipe = DiffusionPipeline.from_pretrained(
        ...     "foldwork/example-xl-1.0", torch_dtype=torch.float16
        ... )
"""
FILES = [
    {
        "name": "Quill-7B",
        "url": "https://huggingface.co/foldwork/quill-7b-llamafile/resolve/main/q.llamafile",
    },
]


class Painter:
    name = "base"

    def load(self):
        self.pipe = DiffusionPipeline.from_pretrained(self.name)

    def export(self):
        torch.save(self.pipe, "painted_v2.pt")
        return torch.load("painted_v2.pt")


class EdgePainter(Painter):
    name = EDGE_NAME


class PlainPainter(Painter):
    name = "foldwork/Paint-It-Real-v3"
