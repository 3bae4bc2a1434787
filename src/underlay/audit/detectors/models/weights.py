"""Files of weights in the tree, told from their first bytes; nothing in them is run.

ONNX's header is four fields of a protobuf message: a reader of them is shorter than the import of
a library that would parse the graph as well. Pickles are recognised and never opened.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from underlay.audit.findings import ModelReference, Rule, Unknown
from underlay.audit.names.references import Place, classify
from underlay.audit.names.roles import role_of
from underlay.audit.readers.documents import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File

__all__ = ["Weights"]

_ENDINGS = frozenset(
    (".gguf", ".safetensors", ".onnx", ".pt", ".pth", ".ckpt", ".bin", ".tflite", ".h5", ".keras",
     ".llamafile", ".ggml", ".sft", ".pkl", ".pickle", ".joblib")
)  # fmt: skip
_POINTER = b"version https://git-lfs.github.com/spec/"
_KEY = re.compile(
    r"general\.(?:base_model\.\d{1,2}\.)?(?:repo_url|source\.huggingface\.repository)"
)
# llama.cpp's numbers of file types (general.file_type)
_QUANTISATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M",
    30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
}  # fmt: skip
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_INTEGERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
_TEXT, _ARRAY = 8, 9
MAX_ENTRIES = 2_000
# pickles hold anything; only a name of this kind says that it is a model
_ANYTHING = frozenset((".pkl", ".pickle", ".joblib"))
_OF_A_MODEL = re.compile(
    r"model|weight|checkpoint|ckpt|classif|regress|encoder|network|svm|forest|xgb|lgbm|pipeline"
)

# what tensors of models are called, and keys that only their makers write
_OF_LAYERS = re.compile(
    rb"(?i)weight|bias|lora|embed|norm|kernel|emb_params|__metadata__|hada|layer"
)


@dataclass(slots=True)
class _Header:
    """What the first bytes say."""

    form: str
    facts: dict[str, str] = field(default_factory=dict)
    bases: list[tuple[str, str]] = field(default_factory=list)  # (key, repository)
    is_pickle: bool = False

    @property
    def evidence(self) -> str:
        """The facts in a few words."""
        return " ".join([self.form, *(value for value in self.facts.values() if value)])[:120]


@dataclass(frozen=True, slots=True)
class Weights:
    """GGUF, safetensors, ONNX, pickles and others, by magic and header."""

    name: str = "weights"
    version: int = 2
    reads_heads: bool = True
    rules: tuple[Rule, ...] = (
        Rule("weights/file", "A file of weights lies in the tree; its header says what it is."),
        Rule("weights/base", "The repository that a file's header names as its origin."),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Files by the ending of weights."""
        return size > 16 and path.suffix.lower() in _ENDINGS

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """One finding for the file, one for each origin that it names."""
        header = _header(file)
        if header is None:
            return
        path = str(file.path)
        flags = ("pickle",) if header.is_pickle else ()
        if file.path.suffix.lower() in _ANYTHING and not _OF_A_MODEL.search(path.lower()):
            reason = "a pickle, which is not opened: whether it holds a model is not known"
            yield Unknown(
                file=path, line=1, text=file.path.name, reason=reason, rule="weights/file"
            )
            return
        generic = file.path.suffix.lower() in (".bin", ".pkl", ".pickle", ".joblib", ".h5")
        yield ModelReference(
            ref=path,
            kind="file",
            role=role_of(file.path) or "use",
            file=path,
            line=1,
            column=1,
            rule="weights/file",
            evidence=header.evidence,
            confidence=0.5 if generic else 0.7,
            weight_file=file.path.name,
            flags=flags,
        )
        for key, text in header.bases:
            found = classify(text, Place("hub", None, 0.9)) or classify(text)
            if found is not None and found.kind == "hub":
                yield ModelReference(
                    ref=found.ref,
                    kind="hub",
                    role=role_of(file.path) or "use",
                    file=path,
                    line=1,
                    column=1,
                    rule="weights/base",
                    evidence=f"{header.form} {key}",
                    confidence=0.8,
                    flags=flags,
                )


def _header(file: File) -> _Header | None:
    data = file.data
    suffix = file.path.suffix.lower()
    if data.startswith(_POINTER):
        return _Header(
            "pointer of Git LFS", is_pickle=suffix in (".bin", ".pt", ".pth", ".ckpt", ".pkl")
        )
    if data.startswith(b"GGUF"):
        return _gguf(data)
    if suffix in (".safetensors", ".sft"):
        return _safetensors(data)
    if suffix == ".onnx":
        return _onnx(data)
    if data[4:8] == b"TFL3":
        return _Header("TensorFlow Lite")
    if data.startswith(b"\x89HDF\r\n\x1a\n"):
        return _Header("HDF5 of Keras") if suffix in (".h5", ".keras") else None
    if suffix == ".keras" and data.startswith(b"PK\x03\x04"):
        return _Header("Keras")
    if data[:4] in (b"lmgg", b"ggml", b"fmgg", b"tjgg"):
        return _Header("GGML")
    if data[:1] == b"\x80" and data[1:2] and 2 <= data[1] <= 5:
        return _Header(f"pickle, protocol {data[1]}", is_pickle=True)
    if data.startswith(b"PK\x03\x04") and b"/data.pkl" in data[:100_000]:
        return _Header("pickle in a PyTorch archive", is_pickle=True)
    if data.startswith(b"PK\x03\x04") and b"constants.pkl" in data:
        return _Header("TorchScript", is_pickle=True)
    return None


def _gguf(data: bytes) -> _Header | None:
    """The keys `general.*`, which stand first; arrays are skipped, the rest is left."""
    header = _Header("GGUF")
    try:
        version, _, count = struct.unpack_from("<IQQ", data, 4)
        if not 2 <= version <= 9:
            return header
        at = 24
        for _ in range(min(count, MAX_ENTRIES)):
            key, at = _gguf_text(data, at)
            (kind,) = struct.unpack_from("<I", data, at)
            value, at = _gguf_value(data, at + 4, kind)
            _gguf_fact(header, key, value)
    except (struct.error, ValueError, UnicodeDecodeError):
        pass  # the head ends here, or the file is damaged: what was read counts
    return header


def _gguf_fact(header: _Header, key: str, value: str | int | None) -> None:
    if value is None:
        return
    if key == "general.file_type" and isinstance(value, int):
        header.facts["quantisation"] = _QUANTISATIONS.get(value, "")
    elif key in ("general.architecture", "general.name") and isinstance(value, str):
        header.facts[key] = value[:60]
    elif _KEY.fullmatch(key) and isinstance(value, str):
        header.bases.append((key, value))


def _gguf_text(data: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, at)
    if length > 1_000_000 or at + 8 + length > len(data):
        raise ValueError
    return data[at + 8 : at + 8 + length].decode("utf-8", "replace"), at + 8 + length


def _gguf_value(data: bytes, at: int, kind: int) -> tuple[str | int | None, int]:
    if kind == _TEXT:
        return _gguf_text(data, at)
    if kind == _ARRAY:
        inner, count = struct.unpack_from("<IQ", data, at)
        at += 12
        if inner == _TEXT:
            for _ in range(min(count, 1_000_000)):
                _, at = _gguf_text(data, at)
            return None, at
        if inner == _ARRAY:
            raise ValueError
        return None, at + _WIDTHS[inner] * count if inner in _WIDTHS else len(data)
    if kind not in _WIDTHS:
        raise ValueError
    value = struct.unpack_from(_INTEGERS[kind], data, at)[0] if kind in _INTEGERS else None
    return value, at + _WIDTHS[kind]


def _safetensors(data: bytes) -> _Header | None:
    """The `__metadata__` of the header, which is JSON behind its length."""
    if len(data) < 10 or data[8:9] != b"{":
        return None
    length = struct.unpack_from("<Q", data)[0]
    header = _Header("safetensors")
    if length < 2_000 and not _OF_LAYERS.search(data[8 : 8 + length]):
        return None  # a few tensors of another kind: samples, codes, a test's input
    start = data.find(b'"__metadata__"', 8, min(len(data), 8 + length))
    if start < 0 or length > 100_000_000:
        return header
    text = data[start + 14 : start + 65_536].decode("utf-8", "replace")
    for root in read_json(text).roots[:1]:
        for key, node in root.items():
            if node.kind != "text":
                continue
            if key in ("modelspec.title", "modelspec.architecture", "ss_base_model_version"):
                header.facts[key] = node.text[:60]
            elif key in ("ss_sd_model_name", "base_model", "base_model_name_or_path"):
                header.bases.append((key, node.text))
    return header


def _onnx(data: bytes) -> _Header | None:
    """Fields 2 (producer) and 6 (text) of the outermost message."""
    header = _Header("ONNX")
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            _, at = _varint(data, at)
        elif wire == 2:
            length, at = _varint(data, at)
            if number in (2, 6) and length < 10_000:
                name = "producer" if number == 2 else "text"
                header.facts[name] = data[at : at + length].decode("utf-8", "replace")[:60]
            at += length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            return None
        if not 0 < number < 100:
            return None
    return header


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            return value, at
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value, at
