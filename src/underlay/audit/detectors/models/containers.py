"""Models that Dockerfiles and Compose files name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from underlay.audit.detectors.models.command_lines import (
    COMMAND_RULES,
    CommandLines,
    mentions_models,
)
from underlay.audit.detectors.models.embedded import embedded_python
from underlay.audit.detectors.models.modelfile import read_modelfile
from underlay.audit.detectors.models.remarks import REMARK_RULES, read_remarks
from underlay.audit.detectors.models.settings_values import Settings
from underlay.audit.findings import Rule
from underlay.audit.names.sites import Endpoints, Sightings, Site
from underlay.audit.readers.containerfile import read_containerfile
from underlay.audit.readers.documents import read_yaml
from underlay.audit.readers.shell import Command, read_shell, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, ModelReference, Unknown
    from underlay.audit.readers.documents import Node
    from underlay.audit.readers.shell import Variables

__all__ = ["Compose", "Dockerfile"]

_RUN = frozenset(("RUN", "CMD", "ENTRYPOINT", "SHELL"))
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """ENV, ARG, RUN, CMD, ENTRYPOINT and ADD of container builds."""

    name: str = "dockerfile"
    version: int = 4
    rules: tuple[Rule, ...] = (*COMMAND_RULES, *REMARK_RULES)

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Dockerfile, Containerfile, their variants."""
        name = path.name.lower()
        return size <= _LARGEST and (
            name.startswith(("dockerfile", "containerfile"))
            or name.endswith((".dockerfile", ".containerfile"))
        )

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """What is downloaded at build time, and what is started."""
        if not mentions_models(file.data):
            return
        found = Sightings(file.path)
        variables: Variables = {}
        reader = CommandLines(file.path, found, variables=variables)
        reader.python = embedded_python(file.path, found)
        instructions = list(read_containerfile(file.text()))
        entry: Command | None = None
        for instruction in instructions:
            if instruction.keyword in ("ENV", "ARG"):
                for one in instruction.assignments(variables):
                    pairs = [(one.name, value.text) for value in one.values[:1]]
                    known = Endpoints.of(pairs, is_environment=True)
                    if known.urls:
                        reader.endpoints = reader.endpoints.joined(known)
                    # ENV holds for the container, ARG until somebody says otherwise
                    reader.assignment(one, "config" if instruction.keyword == "ENV" else "default")
            elif instruction.keyword in _RUN:
                for part in instruction.parts(variables):
                    if not isinstance(part, Command):
                        reader.assignment(part)
                        continue
                    reader.command(part)
                    if any("odelfile" in name for name in part.redirects):
                        for body in part.heredocs:
                            read_modelfile(body, found)
                    entry = _with_entry(instruction.keyword, part, entry, reader)
            elif instruction.keyword == "ADD":
                for part in read_shell(instruction.fragment, variables):
                    if isinstance(part, Command):
                        head = words_of([("ADD", instruction.line, 1)])
                        reader.command(replace(part, words=(*head.words, *part.words)))
        read_remarks(file.text(), file.path, found)
        yield from found


def _with_entry(
    keyword: str, part: Command, entry: Command | None, reader: CommandLines
) -> Command | None:
    """CMD gives ENTRYPOINT its arguments: together they are the command."""
    if keyword == "ENTRYPOINT":
        return part
    if keyword == "CMD" and entry is not None:
        reader.command(Command((*entry.words, *part.words)))
    return entry


@dataclass(frozen=True, slots=True)
class Compose:
    """Services of Compose: their environment, command, and Docker's own `models`."""

    name: str = "compose"
    version: int = 4
    rules: tuple[Rule, ...] = (
        *COMMAND_RULES,
        *REMARK_RULES,
        Rule("compose/environment", "An environment variable of a service that names a model."),
        Rule("compose/model", "A model of Compose's top-level `models`."),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """compose.yaml, docker-compose.yml, their overrides."""
        name = path.name.lower()
        return (
            size <= _LARGEST
            and name.endswith((".yml", ".yaml"))
            and ("compose" in name or name in ("stack.yml", "stack.yaml"))
        )

    def detect(self, file: File, /) -> Iterator[ModelReference | Unknown]:
        """The models of every service."""
        if not mentions_models(file.data):
            return
        document = read_yaml(file.text())
        found = Sightings(file.path)
        settings = Settings(file.path, found, document)
        for root in document.roots:
            for group in ("services", "x-templates"):
                services = root.get(group)
                for _, service in services.items() if services is not None else ():
                    _service(service, settings)
            for key, value in root.items():
                if key.startswith("x-"):
                    for name in ("environment", "command"):
                        if value.get(name) is not None:
                            _service(value, settings)
                            break
                    else:
                        settings.environment(value, "compose/environment")
            models = root.get("models")
            for _, model in models.items() if models is not None else ():
                node = model.get("model")
                if node is not None and node.kind == "text":
                    settings.site(node, Site(file.path, "compose/model", "models", "config", 0.95),
                                  expects="ollama")  # fmt: skip
        if document.problem:
            found.doubt("", 0, 0, "compose", document.problem)
        read_remarks(file.text(), file.path, found)
        yield from found


def _service(service: Node, settings: Settings) -> None:
    if service.kind != "map":
        return
    environment = service.get("environment")
    if environment is not None:
        settings.environment(environment, "compose/environment")
    build = service.get("build")
    arguments = build.get("args") if build is not None else None
    if arguments is not None:
        settings.environment(arguments, "compose/environment")
    settings.container(
        service.get("entrypoint"),
        service.get("command"),
        environment,
        image=service.text_of("image"),
    )
    provider = service.get("provider")
    options = provider.get("options") if provider is not None else None
    model = options.get("model") if options is not None else None
    if model is not None and model.kind == "text":
        site = Site(settings.file, "compose/model", "provider", "config", 0.95)
        settings.site(model, site, expects="ollama")
    for hook in ("post_start", "pre_stop", "healthcheck"):
        below = service.get(hook)
        for node in below.values if below is not None and below.kind == "list" else ():
            settings.container(None, node.get("command"), environment)
