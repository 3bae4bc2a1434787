"""Files that a script writes, as with `cat > .env <<EOF`, read as what they become."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.comfyui import WORKFLOW_MARKS, read_workflow
from underlay.audit.detectors.models.command_lines import CommandLines, mentions_models
from underlay.audit.detectors.models.embedded import embedded_python
from underlay.audit.detectors.models.modelfile import read_modelfile
from underlay.audit.detectors.models.settings_values import Settings
from underlay.audit.detectors.models.settings_walk import walk_settings
from underlay.audit.readers.documents import Document, read_dotenv, read_json, read_toml, read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from underlay.audit.findings import Role
    from underlay.audit.names.sites import Sightings
    from underlay.audit.readers.documents import Fragment
    from underlay.audit.readers.shell import Command

__all__ = ["read_written"]

_LARGEST = 1_000_000
_READERS: dict[str, Callable[[str], Document]] = {
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".json": read_json,
    ".toml": read_toml,
}
_SHELL = frozenset((".sh", ".bash", ".bashrc", ".profile", ".envrc", ".zshrc"))
# a body whose first lines set variables, whatever the file is called
_SETS = re.compile(r"\s*(?:#[^\n]*\n\s*){0,20}(?:export[ \t]+)?[A-Za-z_]\w*=")


def read_written(command: Command, file: PurePosixPath, found: Sightings, role: Role) -> bool:
    """Adds what the bodies of a command's heredocs name, by the file that each becomes.

    Whether they become one: what is fed to another program is that program's.
    """
    target = _target(command)
    for body in command.heredocs if target else ():
        if len(body.text) <= _LARGEST and mentions_models(body.text.encode("utf-8", "replace")):
            _body(body, PurePosixPath(target), file, found, role)
    return bool(target)


def _target(command: Command) -> str:
    """The file that a command writes what it is fed to; empty where it writes none."""
    texts = command.texts
    names = [text.rpartition("/")[2] for text in texts]
    if "tee" in names:
        after = texts[names.index("tee") + 1 :]
        return next((text for text in after if not text.startswith("-")), "")
    if names[:1] == ["read"] and all(b.text.lstrip()[:1] == "{" for b in command.heredocs):
        return "stdin.json"
    if names[:1] in (["kubectl"], ["helm"], ["oc"], ["k3s"]) and {"-f", "--filename"} & set(texts):
        return "stdin.yaml"
    if names[:1] in ([], ["cat"], ["echo"], ["envsubst"]) or "cat" in names[:2]:
        return next((text.strip("\"'") for text in command.redirects), "")
    return ""


def _body(
    body: Fragment, target: PurePosixPath, file: PurePosixPath, found: Sightings, role: Role
) -> None:
    name = target.name.lower()
    suffix = target.suffix or (target.name if target.name.startswith(".") else "")
    if "modelfile" in name:
        read_modelfile(body, found)
    elif suffix in _READERS:
        read: Any = _READERS[suffix]
        document: Document = getattr(read, "__wrapped__", read)(body.text)
        document.moved(body)
        if any(mark.decode() in body.text for mark in WORKFLOW_MARKS):
            read_workflow(document, found)
            return
        settings = Settings(file, found, document, _inside(role), depth=1)
        walk_settings(settings, document.roots)
    elif suffix == ".env" or name.startswith(".env"):
        plain: Any = read_dotenv
        document = getattr(plain, "__wrapped__", plain)(body.text)
        document.moved(body)
        settings = Settings(file, found, document, _inside(role), depth=1)
        settings.environment(document.roots[0], "command/variable")
    elif suffix == ".py":
        line, column = body.at(0)
        embedded_python(file, found)(body.text, line, column)
    elif suffix in _SHELL or body.text.startswith("#!") or _SETS.match(body.text):
        reader = CommandLines(file, found, role, python=embedded_python(file, found))
        reader.script(body)


def _inside(role: Role) -> Role:
    """What a script uses is a setting in the file that it writes."""
    return "config" if role == "use" else role
