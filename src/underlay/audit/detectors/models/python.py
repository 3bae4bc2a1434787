"""Models that Python code names: followed through constants, calls, classes and modules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.audit.findings import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from underlay.audit.findings import Facts, File, ModelReference, Unknown

__all__ = ["Python", "facts_of_source", "may_name_a_model"]

_RULES = {
    "loader": "The argument of a call that loads weights by name, `from_pretrained` and its like.",
    "hub-download": "The repository of a call that downloads from a model hub.",
    "torch-hub": "Repository or entry of `torch.hub.load`.",
    "url-loader": "The address that a call downloads weights from.",
    "weights-file": "A file of weights that a call loads, whose own name says which model it is.",
    "client": "The model that a client of a hosted service is asked for.",
    "ollama": "The model that Ollama's client is asked for.",
    "gateway": "The model that a library for many providers is asked for.",
    "request": "The model in the body of a request that is made by hand.",
    "constructor": "A function named after a model, called so that it loads weights.",
    "attribute": "A bundle of weights that is an attribute of a library.",
    "keyword": "The value of a keyword argument whose name speaks of a model.",
    "parameter": "The default of a parameter whose name speaks of a model.",
    "constant": "The value of a variable whose name speaks of a model.",
    "field": "The default of a field of a class, in a name that speaks of a model.",
    "enum": "A member of an enumeration of models.",
    "function": "What a function returns whose name speaks of a model.",
    "key": "The value under a key of a dict that speaks of a model.",
    "registry": "A key or value of a dict that maps models.",
    "router": "The name under which a router offers a model: a name, no dependency.",
    "environment": "The default of an environment variable.",
    "option": "Default or choice of an option of the command line.",
    "choice": "A choice that a form offers under a label that speaks of a model.",
    "literal-type": "A string of a `Literal` type.",
    "parametrize": "A case of a parametrised test.",
    "loop": "An item that a loop over models goes through.",
    "comparison": "A name that the code tells apart by comparing.",
    "url": "An address on a model hub.",
    "command": "A model that a command names which the code runs.",
    "path": "A file of weights in a path.",
    "name": "A string that follows the naming scheme of a hosted service, or the address or the "
    "namespace of a hub, wherever it stands.",
    "comment": "Commented-out code that loads or sets a model, or a hub's address in a comment.",
    "docstring": "Code that loads a model in a docstring, or an address of a hub there.",
    "text": "Code that loads or asks a model in a text of several lines, which the program runs "
    "or hands on.",
}
# A file without any of these names no model that a rule could believe. Words first: they are
# cheaper to look for than patterns. The second group counts in files that speak of a model.
_WORDS = (
    b"from_pretrained", b"hugging", b"gpt-", b"claude-", b"gemini-", b"llama", b"ransformer",
    b"torch.hub", b"timm", b"open_clip", b"ultralytics", b"whisper",
    b"torchaudio.pip", b".safetensors", b".gguf", b".pth", b".ckpt", b"repo_id", b"bert-",
    b"replicate", b"text-embedding", b"MiniLM", b"gpt2", b"berta", b"t5-", b"mpnet", b"spacy",
    b"davinci", b".tflite", b"ViT-", b"_asset_path", b"tts_models/", b"buffalo_", b"glove-wiki",
    b"_core_web_",
)  # fmt: skip
_MODEL_WORDS = (
    b"model_name", b"load_model", b"model_id", b"openai", b"langchain", b"diffusers",
    b"add_argument", b".option(", b"torchvision.models", b"keras.app", b"istral", b"wen",
    b"hf_", b"anthropic", b"litellm", b"vllm", b"bedrock", b"deepseek", b".onnx", b"rembg",
    b"ESRGAN", b"demucs", b"cohere", b"onnxruntime", b"pretrained", b"glm-", b"grok-", b"kimi-",
    b"funasr",
)  # fmt: skip
# every repetition is bounded, so that a search stays linear
_HUB_SHAPE = re.compile(rb"[\"'][A-Za-z0-9][\w.-]{1,60}/[\w.-]{0,60}[-\d][\w.-]{0,60}[\"'@:\\]")
# a name with a number behind a hyphen, and no encoding, region or standard
# (a quotation mark in a notebook has a backslash before it)
_NUMBERED = re.compile(
    rb"[\"'](?!utf-|iso-|sha|us-|eu-|ap-|x-|latin-|text-|cp-|win-|py|data-|col-|row-|h-|w-)"
    rb"[A-Za-z][A-Za-z0-9.]{1,20}-[\w.-]{0,40}\d[\w.-]{0,20}[\"']"
)
_MODEL_SET = re.compile(
    rb"(?i)model\w{0,20}[\"']?(?:(?:\s*:[^=\n\"']{0,40})?\s*[=:]{1,2}|[\])]?\s+in)\s*"
    rb"(?:[\[({]\s*|(?:\w{1,20}\.)?Literal\[\s*)?[\"']\w"
)


def may_name_a_model(data: bytes) -> bool:
    """A cheap test of bytes, before anything is parsed."""
    for word in _WORDS:
        if word in data:
            return True
    if b"odel" in data or b"MODEL" in data:
        for word in _MODEL_WORDS:
            if word in data:
                return True
        if _MODEL_SET.search(data) is not None or _NUMBERED.search(data) is not None:
            return True
    return _HUB_SHAPE.search(data) is not None


def facts_of_source(data: bytes) -> Facts | None:
    """What the second pass needs of Python source; `problem` where it can't be parsed."""
    from underlay.audit.detectors.models.python_facts import facts_of
    from underlay.audit.readers.syntax import python_source

    source = python_source(data)
    if source.tree is None:
        return {"problem": source.problem}
    try:
        return facts_of(source.tree, data)
    except RecursionError:
        return {"problem": "nests too deep"}


class Python:
    """References in Python files, followed through names, calls and modules.

    Notebooks are read as the Python of their cells, at the place where each line stands in the
    file.
    """

    name = "python"
    version = 8
    rules = tuple(Rule(f"python/{name}", doc) for name, doc in _RULES.items())

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Python files and notebooks."""
        return path.suffix in (".py", ".pyw", ".ipynb") and size > 0

    def facts(self, file: File, /) -> Facts | None:
        """Names, calls and strings of one file."""
        if not may_name_a_model(file.data):
            return None
        if file.path.suffix == ".ipynb":
            from underlay.audit.detectors.models.notebook import notebook_facts

            return notebook_facts(file.data)
        return facts_of_source(file.data)

    def link(self, facts: Mapping[str, Facts], /) -> Iterator[ModelReference | Unknown]:
        """References of the whole project."""
        from underlay.audit.detectors.models.python_link import link

        yield from link(facts)

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """References of one file by itself."""
        facts = self.facts(file)
        if facts:
            yield from self.link({str(file.path): facts})
