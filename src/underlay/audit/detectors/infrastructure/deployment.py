"""Images, devices, granted resources, machines and commands of files that deploy or build."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.infrastructure.catalogue import Entry, catalogue
from underlay.audit.detectors.infrastructure.ties import Ties, lowered, strongest
from underlay.audit.findings import Rule, Unknown
from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, Infrastructure
    from underlay.audit.readers.documents import Document, Node
    from underlay.audit.readers.shell import Variables

__all__ = ["Deployment"]

_LARGEST = 2_000_000
_LARGEST_JSON = 200_000  # a deployment in JSON is written by hand; larger ones are data
_SHELL = frozenset((".sh", ".bash", ".zsh", ".slurm", ".sbatch", ".ksh"))
_SHELL_NAMES = frozenset(("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile"))
_LOCKS = frozenset(("pnpm-lock.yaml", "conda-lock.yml", "package-lock.json", "yarn.lock"))
_ACCELERATOR_KEYS = frozenset(
    ("accelerators", "accelerator", "gpu_type", "gputype", "accelerator_type", "acceleratortype",
     "gpu", "gpus", "gpu_name")
)  # fmt: skip
_COMMAND_KEYS = frozenset(
    ("run", "command", "entrypoint", "script", "before_script", "after_script", "setup", "cmd",
     "args", "install", "commands", "startup_script", "user_data", "onstart", "shell", "launch")
)  # fmt: skip
_SCRIPT_KEYS = frozenset(("run", "script", "before_script", "after_script", "setup", "commands"))
_AMI = re.compile(r"(?i)(?:AL2|AL2023|BOTTLEROCKET)_(?:x86_64|ARM_64)_(GPU|NVIDIA|NEURON)")
_SHELL_FENCES = frozenset(("bash", "sh", "shell", "console", "zsh", "shell-session", "terminal"))
# two patterns that begin with a text are searched for faster than one with a choice
_SHELL_FENCE = tuple(
    re.compile(mark + rb"[ \t]*\{?\.?(?i:bash|sh|shell|console|zsh|shell-session|terminal)\b")
    for mark in (b"```", b"~~~")
)
_PROMPT = re.compile(r"(?m)^([ \t]*)([$>%#])(?=[ \t])")
_DRIVER = Entry("nvidia", "tied", "hardware", "the other makers' container runtimes and plug-ins")
MAX_FENCES = 400


class Deployment:
    """What images, orchestrators, clouds and scripts say of the machines that a project needs."""

    name = "deployment"
    version = 1
    rules = (
        Rule("deployment/image", "a container image of a vendor, or of a vendor's build"),
        Rule("deployment/resource", "an accelerator that an orchestrator is asked for"),
        Rule("deployment/gpus", "a container that is given GPUs: `--gpus`, `driver: nvidia`"),
        Rule("deployment/runtime", "a vendor's container runtime"),
        Rule("deployment/device", "a device file of a vendor"),
        Rule("deployment/instance", "a cloud's machine with an accelerator"),
        Rule("deployment/accelerator", "an accelerator that a scheduler is asked for by name"),
        Rule("deployment/variable", "a variable that an accelerator's toolchain reads"),
        Rule("deployment/installs", "a package that a command installs"),
        Rule("deployment/kit", "a hosted service's kit that a command installs"),
        Rule("deployment/package", "a package that a command installs"),
        Rule("deployment/repository", "source of such a package that a command installs"),
        Rule("deployment/extra", "an extra that chooses an accelerator's build"),
        Rule("deployment/local-version", "a version whose local part names a toolchain"),
        Rule("deployment/index", "an index or address that serves one toolchain"),
        Rule("deployment/system-package", "a driver, toolkit or library of the system"),
        Rule("deployment/tool", "a vendor's command"),
        Rule("deployment/build-option", "a build option that chooses a toolchain"),
        Rule("deployment/device-option", "an option that names a device"),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Dockerfiles, YAML, JSON, HCL, shell, Makefiles, documents."""
        if size > _LARGEST or path.name in _LOCKS:
            return False
        kind = _kind(path)
        return kind != "" and (kind != "json" or size <= _LARGEST_JSON)

    def detect(self, file: File, /) -> Iterator[Infrastructure | Unknown]:
        """What one file ties to."""
        from underlay.audit.detectors.infrastructure.command_ties import speaks

        kind = _kind(file.path)
        if kind == "prose":  # only its blocks of shell count: they are few, and looked at alone
            if not any(fence.search(file.data) for fence in _SHELL_FENCE):
                return
        elif not speaks(lowered(file.data)):
            return
        ties = Ties(file.path, self.name)
        found: list[Infrastructure] = []
        problem = ""
        if kind == "container":
            found += _container(file.text(), ties)
        elif kind == "shell":
            found += _script(file.text(), ties, is_make=file.path.name in _SHELL_NAMES)
        elif kind == "hcl":
            found += _hcl(file.text(), ties)
        elif kind == "prose":
            found += _prose(file.text(), ties)
        else:
            from underlay.audit.readers.documents import read_json, read_yaml

            document = read_yaml(file.text()) if kind == "yaml" else read_json(file.text())
            found += _tree(document, ties)
            problem = document.problem if found and not document.is_cut else ""
        yield from strongest(found)
        if problem:
            yield Unknown(
                file=str(file.path),
                line=0,
                text="",
                reason=f"read in part: {problem}",
                rule=self.name,
            )


def _kind(path: PurePosixPath) -> str:
    name = path.name
    low = name.lower()
    suffix = path.suffix.lower()
    if low.startswith(("dockerfile", "containerfile")) or low.endswith(
        (".dockerfile", ".containerfile")
    ):
        return "container"
    if suffix in (".yaml", ".yml"):
        return "yaml"
    if suffix in _SHELL or name in _SHELL_NAMES or suffix == ".mk":
        return "shell"
    if suffix in (".tf", ".hcl", ".tfvars"):
        return "hcl"
    if suffix in (".md", ".mdx", ".rst"):
        return "prose"
    return "json" if suffix in (".json", ".jsonc") else ""


# --- Dockerfiles and scripts ---------------------------------------------------------------------


def _container(text: str, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.detectors.infrastructure.command_ties import command_ties, variable_ties
    from underlay.audit.readers.containerfile import read_containerfile
    from underlay.audit.readers.shell import Command

    variables: Variables = {}
    stages: set[str] = set()
    for instruction in read_containerfile(text):
        if instruction.keyword == "FROM":
            yield from _base(instruction.fragment, variables, stages, ties)
        elif instruction.keyword in ("ARG", "ENV"):
            yield from variable_ties(instruction.assignments(variables), ties)
        elif instruction.keyword in ("RUN", "CMD", "ENTRYPOINT"):
            for part in instruction.parts(variables):
                if isinstance(part, Command):
                    yield from command_ties(part, ties)
                else:
                    yield from variable_ties([part], ties)
        elif instruction.keyword == "COPY":
            source = re.search(r"--from=(\S+)", instruction.fragment.text)
            if source and source[1] not in stages:
                line, column = instruction.fragment.at(source.start(1))
                yield from _image(source[1], line, column, ties)


def _base(
    fragment: Any, variables: Variables, stages: set[str], ties: Ties
) -> Iterator[Infrastructure]:
    from underlay.audit.readers.documents import DYNAMIC
    from underlay.audit.readers.shell import Command, read_shell

    text = re.sub(r"--[a-z]+=\S+", lambda m: " " * len(m[0]), fragment.text)
    words = text.split()
    if not words:
        return
    if len(words) >= 3 and words[1].upper() == "AS":
        stages.add(words[2])
    start = text.find(words[0])
    line, column = fragment.at(start)
    image = words[0]
    if "$" in image:
        for part in read_shell(fragment.replaced(text.replace("\n", " ")), variables):
            if isinstance(part, Command) and part.words:
                values = [v.text for v in part.words[0].values if DYNAMIC not in v.text]
                for value in values[:20]:
                    yield from _image(value, line, column, ties)
                return
    elif image not in stages:
        yield from _image(image, line, column, ties)


def _image(text: str, line: int, column: int, ties: Ties) -> Iterator[Infrastructure]:
    if len(text) > 300 or not re.fullmatch(r"[\w./:@-]+", text):
        return
    found = catalogue().image(text)
    if found:
        yield ties.at(found[0], found[1], line, column, "image", text)


def _script(text: str, ties: Ties, *, is_make: bool) -> Iterator[Infrastructure]:
    from underlay.audit.detectors.infrastructure.command_ties import shell_ties
    from underlay.audit.readers.documents import Fragment

    if is_make:
        # a recipe's lines are shell after their marks; variables are written $(NAME)
        text = re.sub(r"(?m)^(\t)[@+-]+", lambda m: m[1] + " " * (len(m[0]) - 1), text)
        text = re.sub(r"\$\((\w+)\)", r"${\1}", text)
        text = re.sub(r"(?m)^[^\t\n#=]*:(?!=).*$", lambda m: " " * len(m[0]), text)
    yield from shell_ties(Fragment(text), ties)


def _prose(text: str, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.detectors.infrastructure.command_ties import shell_ties, speaks
    from underlay.audit.readers.documents import Fragment
    from underlay.audit.readers.fences import code_blocks

    whole = Fragment(text)
    for count, block in enumerate(code_blocks(text)):
        if count > MAX_FENCES:
            cut(f"more than {MAX_FENCES} blocks of code: the rest is not read")
            return
        if block.language.lower() not in _SHELL_FENCES:
            continue
        body = text[block.start : block.end]
        if not speaks(body.lower().encode("utf-8", "replace")):
            continue
        eased = _PROMPT.sub(r"\1 ", body)
        part = whole.part(block.start, block.end).replaced(eased)
        yield from shell_ties(part, ties, role="doc")


# --- YAML and JSON -------------------------------------------------------------------------------


def _tree(document: Document, ties: Ties) -> Iterator[Infrastructure]:
    for root in document.roots:
        for path, node in root.walk():
            if node.kind == "map":
                yield from _mapping(path, node, ties)
            elif node.kind == "text":
                yield from _scalar(path, node, document, ties)
            elif path and path[-1].lower() in ("command", "args", "entrypoint", "cmd", "runargs"):
                yield from _words(node, ties)


def _mapping(path: tuple[str, ...], node: Node, ties: Ties) -> Iterator[Infrastructure]:
    known = catalogue()
    for key, value in zip(node.keys, node.values, strict=False):
        entry = known.resource(key.text, value.text)
        if entry is not None and value.text not in ("0", "false", '"0"'):
            yield ties.at(f"resource:{key.text}", entry, key.line, key.column, "resource",
                          f"{key.text}: {value.text}".strip())  # fmt: skip
    if path and path[-1].lower() in _ACCELERATOR_KEYS:
        for key in node.keys:  # `accelerators: {A100: 8}`, any of them
            yield from _accelerators(key.text, key.line, key.column, ties, path[-1])
    if node.text_of("key").endswith(("-gpu-manufacturer", "-accelerator-manufacturer")):
        values = node.get("values")
        for value in values.values if values is not None else ():
            if value.text in ("nvidia", "amd", "habana", "intel"):
                vendor = "intel" if value.text == "habana" else value.text
                yield ties.at(f"device:{vendor}", replace(_DRIVER, vendor=vendor), value.line,
                              value.column, "resource", f"{node.text_of('key')}: {value.text}",
                              )  # fmt: skip
    repository = node.text_of("repository")
    if repository and (node.get("tag") is not None or (path and path[-1] == "image")):
        place = node.get("repository")
        registry = node.text_of("registry")
        name = f"{registry}/{repository}" if registry else repository
        tag = node.text_of("tag")
        if place is not None:
            text = f"{name}:{tag}" if tag and re.fullmatch(r"[\w.-]+", tag) else name
            yield from _image(text, place.line, place.column, ties)


def _scalar(
    path: tuple[str, ...], node: Node, document: Document, ties: Ties
) -> Iterator[Infrastructure]:
    from underlay.audit.detectors.infrastructure.command_ties import (
        device_path,
        shell_ties,
        speaks,
        word_ties,
    )

    key = next((part for part in reversed(path) if part != "*"), "").lower()
    text = node.text.strip()
    if not text or len(text) > 200_000:
        return
    if "\n" in text or (key in _COMMAND_KEYS and (" " in text or key in _SCRIPT_KEYS)):
        if node.start < node.end and speaks(text.lower().encode("utf-8", "replace")):
            yield from shell_ties(document.fragment(node), ties)
        return
    line, column = node.line, node.column
    if key in ("image", "imagename", "baseimage", "base_image", "container", "image_uri",
               "docker_image", "from", "containerimage"):  # fmt: skip
        yield from _image(text.removeprefix("docker:").removeprefix("docker://"), line, column,
                          ties)  # fmt: skip
    elif key == "key" or (key in ("resourcename", "resource_name") and "/" in text):
        entry = catalogue().resource(text)
        if entry is not None:
            yield ties.at(f"resource:{text}", entry, line, column, "resource", f"{key}: {text}")
    elif key in ("runtime", "runtimeclassname") and text in ("nvidia", "habana"):
        entry = _DRIVER if text == "nvidia" else Entry("intel", "tied", "hardware")
        yield ties.at(f"device:{entry.vendor}", entry, line, column, "runtime", f"{key}: {text}")
    elif key == "driver" and text == "nvidia" and "devices" in path:
        yield ties.at("device:nvidia", _DRIVER, line, column, "gpus", "driver: nvidia")
    elif key == "gpus" and "services" in path[:1] and text != "0":
        yield ties.at("device:nvidia", _DRIVER, line, column, "gpus", f"gpus: {text}")
    elif key == "devices":
        yield from device_path(text, line, column, ties, "use")
        yield from device_path(text.rpartition("=")[0], line, column, ties, "use")
    elif key in _ACCELERATOR_KEYS and not text.isdigit():
        yield from _accelerators(text, line, column, ties, key)
    elif _AMI.fullmatch(text):
        yield from _ami(text, line, column, ties)
    elif key == "options" and "container" in path:
        yield from _container_options(text, line, column, ties)
    elif catalogue().resource(path[-1] if path else "", text) is None:
        yield from word_ties(text, line, column, ties)
        yield from _pair(path, node, ties)


def _container_options(text: str, line: int, column: int, ties: Ties) -> Iterator[Infrastructure]:
    """The options with which a CI job's container is started."""
    from underlay.audit.detectors.infrastructure.command_ties import command_ties
    from underlay.audit.readers.shell import words_of

    words = ["docker", "run", *text.split()[:200]]
    yield from command_ties(words_of([(word, line, column) for word in words]), ties)


def _pair(path: tuple[str, ...], node: Node, ties: Ties) -> Iterator[Infrastructure]:
    """Environment variables: `NAME: value`, `NAME=value`, `name: NAME`; JSON's `type: GPU`."""
    from underlay.audit.detectors.infrastructure.command_ties import named_variable

    key = path[-1] if path else ""
    name, sign, value = node.text.partition("=")
    if sign and "env" in " ".join(path).lower():
        yield from named_variable(name, value, node.line, node.column, ties)
    elif key == "name":
        yield from named_variable(node.text, "set", node.line, node.column, ties)
    elif key.isupper():
        yield from named_variable(key, node.text, node.line, node.column, ties)
    elif node.text == "GPU" and "resourceRequirements" in path and key == "type":
        entry = Entry("unknown", "switch", "hardware", "instances with other accelerators")
        yield ties.at("resource:ecs/gpu", entry, node.line, node.column, "resource", "type: GPU")


def _accelerators(
    text: str, line: int, column: int, ties: Ties, key: str
) -> Iterator[Infrastructure]:
    for part in re.split(r"[,{}\s]+", text[:300]):
        name = part.partition(":")[0].strip("\"'")
        entry = catalogue().accelerator(name) if name else None
        if entry is not None:
            yield ties.at(f"accelerator:{name}", entry, line, column, "accelerator",
                          f"{key}: {text}")  # fmt: skip
        else:
            found = catalogue().instance(name)
            if found:
                yield ties.at(f"instance:{found.cloud}/{name}", found.entry, line, column,
                              "instance", f"{key}: {text}")  # fmt: skip


def _ami(text: str, line: int, column: int, ties: Ties) -> Iterator[Infrastructure]:
    vendor = "amazon" if text.upper().endswith("NEURON") else "nvidia"
    entry = Entry(vendor, "tied", "hardware", "an image of the plain kind")
    yield ties.at(f"device:{vendor}", entry, line, column, "gpus", text)


def _words(node: Node, ties: Ties) -> Iterator[Infrastructure]:
    """A command as a list of words; a list after `sh -c` is read by its own text."""
    from underlay.audit.detectors.infrastructure.command_ties import command_ties
    from underlay.audit.readers.shell import words_of

    items = [(v.text, v.line, v.column) for v in node.values if v.kind == "text"]
    if items and not any("\n" in item[0] for item in items):
        if items[0][0].startswith("-"):
            items.insert(0, ("docker", items[0][1], items[0][2]))
            items.insert(1, ("run", items[0][1], items[0][2]))
        yield from command_ties(words_of(items), ties)


# --- HCL -----------------------------------------------------------------------------------------


def _hcl(text: str, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.detectors.infrastructure.command_ties import shell_ties, speaks, word_ties
    from underlay.audit.readers.documents import Fragment, grammar

    data = text.encode("utf-8", "replace")
    tree = grammar("hcl").parse(data)
    whole = Fragment(text)
    is_ascii = len(data) == len(text)
    stack = [tree.root_node]
    budget = 400_000
    while stack and budget:
        budget -= 1
        node = stack.pop()
        if node.type not in ("template_literal", "heredoc_template"):
            stack.extend(reversed(node.children))
            continue
        start = node.start_byte
        offset = start if is_ascii else len(data[:start].decode("utf-8", "ignore"))
        value = data[start : node.end_byte].decode("utf-8", "replace")
        line, column = whole.at(offset)
        if "\n" in value:
            if speaks(value.lower().encode("utf-8", "replace")):
                yield from shell_ties(whole.part(offset, offset + len(value)), ties)
            continue
        if len(value) > 300:
            continue
        yield from word_ties(value, line, column, ties)
        entry = catalogue().resource(value)
        if entry is not None and "/" in value:
            yield ties.at(f"resource:{value}", entry, line, column, "resource", value)
        if "/" in value and ":" in value and "://" not in value:
            yield from _image(value, line, column, ties)
        if _AMI.fullmatch(value):
            yield from _ami(value, line, column, ties)
