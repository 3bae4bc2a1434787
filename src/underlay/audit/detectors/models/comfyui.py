"""Models that workflows of ComfyUI load: checkpoints, adapters, encoders, by file name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.audit.findings import Rule
from underlay.audit.names.references import key_strength
from underlay.audit.names.sites import Sightings, Site
from underlay.audit.readers.documents import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, ModelReference, Unknown
    from underlay.audit.readers.documents import Document, Node

__all__ = ["WORKFLOW_MARKS", "ComfyUI", "read_workflow"]

_WEIGHTS = re.compile(r"(?i)[^\n]{1,200}\.(?:safetensors|ckpt|pth|pt|gguf|sft|onnx|bin)")
_LOADS = re.compile(
    r"(?i)load|sampler|checkpoint|lora|controlnet|upscale|clip|vae|unet|model|adapter"
)
WORKFLOW_MARKS = (b'"class_type"', b'"widgets_values"')


@dataclass(frozen=True, slots=True)
class ComfyUI:
    """Workflows as the editor saves them, and as the server takes them."""

    name: str = "comfyui"
    version: int = 2
    rules: tuple[Rule, ...] = (
        Rule("comfyui/input", "An input of a node such as `ckpt_name`: a file of weights."),
        Rule("comfyui/widget", "A value of a loader's widgets that is a file of weights."),
        Rule("comfyui/source", "Where a node says that its model can be had: an address."),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """JSON; what is in it decides."""
        return path.suffix.lower() == ".json" and size <= 2_000_000

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """The models of every node."""
        if not any(mark in file.data for mark in WORKFLOW_MARKS):
            return
        document = read_json(file.text())
        found = Sightings(file.path)
        read_workflow(document, found)
        if document.problem:
            found.doubt("", 0, 0, "comfyui", document.problem)
        yield from found


def read_workflow(document: Document, found: Sightings) -> None:
    """Adds the models of every node of a workflow."""
    for root in document.roots[:1]:
        for _, node in root.walk():
            if node.kind == "map":
                _node(node, found)


def _node(node: Node, found: Sightings) -> None:
    kind = node.text_of("class_type", "type")
    inputs = node.get("inputs")
    if node.get("class_type") is not None and inputs is not None:
        for key, value in inputs.items():
            if value.kind == "text":
                _value(
                    value, "comfyui/input", f"{kind}.{key}", found, is_named=key_strength(key) > 0
                )
    widgets = node.get("widgets_values")
    if widgets is not None and _LOADS.search(kind):
        values = widgets.values if widgets.kind in ("list", "map") else []
        for value in values:
            if value.kind == "text":
                _value(value, "comfyui/widget", kind, found, is_named="oad" in kind)
            elif value.kind == "map":  # rgthree's and others' loaders of several adapters
                for key, inner in value.items():
                    if inner.kind == "text":
                        _value(inner, "comfyui/widget", f"{kind}.{key}", found, is_named=False)
    properties = node.get("properties")
    models = properties.get("models") if properties is not None else None
    for one in models.values if models is not None and models.kind == "list" else ():
        url = one.get("url")
        if url is not None and url.kind == "text":
            site = Site(found.file, "comfyui/source", kind, "config", 0.9)
            found.see(url.text, url.line, url.column, site)


def _value(value: Node, rule: str, evidence: str, found: Sightings, *, is_named: bool) -> None:
    text = value.text
    if _WEIGHTS.fullmatch(text):
        site = Site(found.file, rule, evidence, "config", 0.85, is_file=True)
        found.see(text, value.line, value.column, site)
    elif is_named and value.is_quoted:
        found.see(text, value.line, value.column, Site(found.file, rule, evidence, "config", 0.6))
