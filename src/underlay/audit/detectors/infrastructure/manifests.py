"""Packages that a project declares: requirements, pyproject, Pipfile, conda, pixi, npm, Cargo."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from underlay.audit.detectors.infrastructure.catalogue import catalogue
from underlay.audit.detectors.infrastructure.ties import Ties, strongest
from underlay.audit.findings import Infrastructure, Rule, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, Role
    from underlay.audit.readers.documents import Node

__all__ = ["Manifests", "is_requirements", "requirement_lines"]

_LARGEST = 2_000_000  # bytes; a declaration by hand has a few thousand
_REQUIREMENTS = re.compile(
    r"(?i)^(?:.*requirements?.*|.*constraints?.*|.*[-_.]reqs?|reqs?[-_.].*|packages?[-_.]pip.*)"
    r"\.(?:txt|in|pip)$|^pip[-_]?(?:freeze|requirements).*\.txt$"
)
_CONDA = re.compile(r"(?i)^(?:.*environment.*|.*[-_]env|env[-_].*|conda.*|env)\.ya?ml$")
_FOLDERS = frozenset(("requirements", "reqs", "constraints", "deps"))
_OPTION = re.compile(
    r"\s*(?:-i|--index-url|--extra-index-url|-f|--find-links)(?:[ =]+)(?P<url>\S+)"
)
_OPEN = re.compile(r"\$\{?\w|\{\w*\}|\{\{|%\(\w")  # a part that is known only when it is installed
_CHOOSES = re.compile(r"://|\+(?:cu|rocm|cpu|[${]|$)|/whl/|index")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_SETUP_KEYS = frozenset(
    ("install_requires", "extras_require", "setup_requires", "tests_require", "dependency_links")
)
_GO = re.compile(r"(?m)^\s*(?:require\s+)?(?P<name>[\w.-]+\.[a-z]+/[\w./-]+)\s+v\S+")


class Manifests:
    """Declared packages, the indexes that they come from, and what each ties to."""

    name = "manifests"
    version = 2
    rules = (
        Rule("manifests/package", "a declared package that needs an accelerator or its toolchain"),
        Rule("manifests/kit", "a declared kit whose one purpose is to call a hosted service"),
        Rule("manifests/extra", "an extra that chooses an accelerator's build: `jax[cuda12]`"),
        Rule("manifests/local-version", "a version whose local part names a toolchain: `+cu126`"),
        Rule("manifests/index", "an index, channel or wheel address that serves one toolchain"),
        Rule("manifests/repository", "source code of such a package, by its repository"),
        Rule("manifests/cog", "a build file that asks for a GPU or a version of CUDA"),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Files of declarations, by their names."""
        name = path.name
        if size > _LARGEST:
            return False
        if name in (
            "pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "pixi.toml", "package.json",
            "Cargo.toml", "go.mod", "cog.yaml", "cog.yml", "uv.toml", "pip.conf", "meta.yaml",
        ):  # fmt: skip
            return True
        if is_requirements(path):
            return True
        return path.suffix in (".yaml", ".yml") and bool(_CONDA.match(name))

    def detect(self, file: File, /) -> Iterator[Infrastructure | Unknown]:
        """The packages of one file, and where what it takes is known only when it is installed."""
        found = list(self._detect(file))
        yield from strongest(each for each in found if isinstance(each, Infrastructure))
        yield from (each for each in found if isinstance(each, Unknown))

    def _detect(self, file: File) -> Iterator[Infrastructure | Unknown]:
        name = file.path.name
        ties = Ties(file.path, self.name)
        if name in ("pyproject.toml", "Pipfile", "pixi.toml", "uv.toml"):
            yield from _toml(file.text(), ties)
        elif name == "Cargo.toml":
            yield from _cargo(file.text(), ties)
        elif name == "go.mod":
            yield from _go(file.text(), ties)
        elif name == "setup.py":
            yield from _setup(file, ties)
        elif name in ("setup.cfg", "pip.conf"):
            yield from _configuration(file.text(), ties)
        elif name == "package.json":
            yield from _npm(file.text(), ties)
        elif name.startswith("cog."):
            yield from _cog(file.text(), ties)
        elif file.path.suffix in (".yaml", ".yml"):
            yield from _conda(file.text(), ties)
        else:
            yield from requirement_lines(file.text(), ties)


def is_requirements(path: PurePosixPath) -> bool:
    """Whether a file holds requirements, told by its name and folder."""
    if path.suffix in (".txt", ".in", ".pip"):
        return bool(_REQUIREMENTS.match(path.name)) or (
            path.suffix in (".txt", ".in") and path.parent.name.lower() in _FOLDERS
        )
    return path.suffix == ".lock" and path.name.lower().startswith("requirements")


def _unresolved(ties: Ties, text: str, line: int, column: int) -> Unknown:
    reason = "a package, or an index of packages, that is known only when it is installed"
    return Unknown(file=ties.file, line=line, column=column, text=text[:160], reason=reason,
                   rule=f"{ties.detector}/index")  # fmt: skip


def requirement_lines(
    text: str, ties: Ties, *, first: int = 1, indent: int = 0, role: Role = "use"
) -> Iterator[Infrastructure | Unknown]:
    """The lines of a requirements file; hashes and continuations belong to the line before."""
    continues = False
    for number, raw in enumerate(text.split("\n"), first):
        was, continues = continues, raw.rstrip().endswith("\\")
        if was:
            continue
        content = _COMMENT.sub("", raw.rstrip().rstrip("\\"))
        if not content.strip():
            continue
        column = len(raw) - len(raw.lstrip()) + 1 + indent
        option = _OPTION.match(content)
        if option:
            yield from ties.address(option["url"], number, column, role=role)
            if _OPEN.search(option["url"]):
                yield _unresolved(ties, content.strip(), number, column)
        elif content.lstrip().startswith("-e "):
            yield from ties.requirement(content.lstrip()[3:], number, column, role=role)
        elif not content.lstrip().startswith("-"):
            yield from ties.requirement(content, number, column, role=role)
            if _OPEN.search(content) and _CHOOSES.search(content):
                yield _unresolved(ties, content.strip(), number, column)


# --- TOML -----------------------------------------------------------------------------------------


def _toml(text: str, ties: Ties) -> Iterator[Infrastructure | Unknown]:
    from underlay.audit.readers.documents import read_toml

    for root in read_toml(text).roots:
        for path, node in root.walk():
            yield from _toml_node(path, node, ties)


def _toml_node(path: tuple[str, ...], node: Node, ties: Ties) -> Iterator[Infrastructure | Unknown]:
    last = path[-1] if path else ""
    if node.kind == "text":
        if last == "*" and _is_requirement_list(path):
            yield from ties.requirement(node.text, node.line, node.column, role=_role(path))
        elif last in ("url", "index-url", "index_url", "extra-index-url", "find-links") or (
            last == "*" and path[-2:-1] and path[-2] in ("extra-index-url", "find-links")
        ):
            yield from ties.address(node.text, node.line, node.column)
            if "://" in node.text and _OPEN.search(node.text):
                yield _unresolved(ties, node.text, node.line, node.column)
        elif last == "git" and "sources" in path:
            yield from ties.address(node.text, node.line, node.column)
        elif last == "*" and path[-2:-1] == ("channels",):
            pinned = catalogue().channel(node.text)
            if pinned:
                yield ties.toolchain(pinned, node.line, node.column, "index",
                                     f"channel {node.text}")  # fmt: skip
    elif node.kind == "map" and _is_dependency_table(path):
        for key, value in zip(node.keys, node.values, strict=False):
            yield from _table_entry(key, value, ties, _role(path))


def _is_requirement_list(path: tuple[str, ...]) -> bool:
    head = path[:-1]
    return (
        head in (("project", "dependencies"), ("build-system", "requires"))
        or head[:2] == ("project", "optional-dependencies")
        or head[:1] == ("dependency-groups",)
        or head[:3] == ("tool", "pdm", "dev-dependencies")
        or head[:3] == ("tool", "uv", "dev-dependencies")
        or head[:3] == ("tool", "uv", "constraint-dependencies")
        or head[:3] == ("tool", "uv", "override-dependencies")
        or (head[:3] == ("tool", "hatch", "envs") and head[-1:] == ("dependencies",))
    )


def _is_dependency_table(path: tuple[str, ...]) -> bool:
    if path[:2] == ("tool", "poetry"):
        return path[-1] in ("dependencies", "dev-dependencies")
    if path and path[-1] in ("dependencies", "pypi-dependencies", "host-dependencies"):
        return path[:2] == ("tool", "pixi") or path[0] in (
            "dependencies", "pypi-dependencies", "host-dependencies", "feature", "target",
        )  # fmt: skip
    if path and path[-1] == "system-requirements":
        return path[:2] == ("tool", "pixi") or path[0] in ("system-requirements", "feature")
    return path in (("packages",), ("dev-packages",))


def _role(path: tuple[str, ...]) -> Role:
    words = " ".join(path).lower()
    return "test" if re.search(r"(?:^|[ _-])tests?(?:$|[ _-])", words) else "use"


def _table_entry(key: Node, value: Node, ties: Ties, role: Role) -> Iterator[Infrastructure]:
    version = value.text if value.kind == "text" else value.text_of("version")
    version = version.strip().lstrip("^~=<>! ").partition(",")[0].strip() or ""
    extras = value.get("extras")
    names = [v.text for v in extras.values] if extras is not None else []
    yield from ties.package(key.text, key.line, key.column, version=version or None,
                            evidence=f"{key.text} {version}".strip(), extras=names,
                            role=role)  # fmt: skip
    for part in ("url", "git", "source", "index"):
        node = value.get(part)
        if node is not None and node.kind == "text" and "://" in node.text:
            yield from ties.address(node.text, node.line, node.column, role=role)


def _cargo(text: str, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.readers.documents import read_toml

    for root in read_toml(text).roots:
        for path, node in root.walk():
            if node.kind == "map" and path and path[-1].endswith("dependencies"):
                for key, value in zip(node.keys, node.values, strict=False):
                    yield from ties.package(key.text, key.line, key.column, ecosystem="crate")
                    features = value.get("features")
                    yield from _features(key.text, features, ties)


def _features(name: str, features: Node | None, ties: Ties) -> Iterator[Infrastructure]:
    for feature in features.values if features is not None else ():
        choice = catalogue().chosen(name, feature.text)
        if choice is not None or feature.text in ("cudnn", "metal", "hipblas"):
            entry = choice or catalogue().toolchain(
                {"cudnn": "cuda", "metal": "metal", "hipblas": "rocm"}[feature.text]
            )
            yield ties.at(f"crate:{name}[{feature.text}]", entry, feature.line, feature.column,
                          "extra", f"{name} with feature {feature.text}")  # fmt: skip


def _go(text: str, ties: Ties) -> Iterator[Infrastructure]:
    for match in _GO.finditer(text):
        line = text.count("\n", 0, match.start("name")) + 1
        column = match.start("name") - text.rfind("\n", 0, match.start("name"))
        yield from ties.package(match["name"], line, column, ecosystem="go")


# --- the others -----------------------------------------------------------------------------------


def _setup(file: File, ties: Ties) -> Iterator[Infrastructure | Unknown]:
    from underlay.audit.readers.syntax import python_source

    tree = python_source(file.data).tree
    if tree is None:
        return
    lists: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in _SETUP_KEYS:
            lists.append(node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.List | ast.Dict):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            if any(re.search(r"(?i)require|extras|depend|deps", name) for name in names):
                lists.append(node.value)
    for found in lists:
        for part in ast.walk(found):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield from ties.requirement(part.value, part.lineno, part.col_offset + 1)
            elif isinstance(part, ast.JoinedStr):
                shown = "".join(
                    str(each.value) if isinstance(each, ast.Constant) else "{}"
                    for each in part.values
                )
                if _OPEN.search(shown) and _CHOOSES.search(shown.replace("{}", "")):
                    yield _unresolved(ties, shown, part.lineno, part.col_offset + 1)


def _configuration(text: str, ties: Ties) -> Iterator[Infrastructure | Unknown]:
    """setup.cfg and pip.conf: keys whose values go on over indented lines."""
    key = section = ""
    for number, raw in enumerate(text.split("\n"), 1):
        content = _COMMENT.sub("", raw)
        if not content.strip():
            continue
        if content.startswith("["):
            section, key = content.strip().strip("[]"), ""
            continue
        column = len(raw) - len(raw.lstrip()) + 1
        if not raw[0].isspace():
            name, _, content = content.partition("=")
            key = name.strip()
            column = len(name) + 2
        if not content.strip():
            continue
        if key in ("index-url", "extra-index-url", "find-links"):
            yield from ties.address(content.strip(), number, column)
            if _OPEN.search(content):
                yield _unresolved(ties, content.strip(), number, column)
        elif key in _SETUP_KEYS or section == "options.extras_require":
            yield from ties.requirement(content, number, column)


def _npm(text: str, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.readers.documents import read_json

    for root in read_json(text).roots:
        for table in ("dependencies", "devDependencies", "peerDependencies",
                      "optionalDependencies"):  # fmt: skip
            found = root.get(table)
            if found is None or found.kind != "map":
                continue
            for key, value in zip(found.keys, found.values, strict=False):
                version = value.text.lstrip("^~>=< ") or None
                yield from ties.package(key.text, key.line, key.column, ecosystem="npm",
                                        version=version,
                                        evidence=f"{key.text} {value.text}")  # fmt: skip


def _conda(text: str, ties: Ties) -> Iterator[Infrastructure | Unknown]:
    from underlay.audit.readers.documents import read_yaml

    for root in read_yaml(text).roots:
        for path, node in root.walk():
            if node.kind != "text" or len(path) < 2:
                continue
            if path == ("channels", "*"):
                pinned = catalogue().channel(node.text)
                if pinned:
                    yield ties.toolchain(pinned, node.line, node.column, "index",
                                         f"channel {node.text}")  # fmt: skip
            elif path == ("dependencies", "*"):
                yield from ties.conda(node.text, node.line, node.column)
            elif path == ("dependencies", "*", "pip", "*"):
                yield from requirement_lines(node.text, ties, first=node.line,
                                             indent=node.column - 1)  # fmt: skip


def _cog(text: str, ties: Ties) -> Iterator[Infrastructure]:
    from underlay.audit.readers.documents import read_yaml

    cuda = catalogue().toolchain("cuda")
    for root in read_yaml(text).roots:
        build = root.get("build")
        if build is None or build.kind != "map":
            continue
        for key, value in zip(build.keys, build.values, strict=False):
            if key.text == "gpu" and value.text.lower() == "true":
                yield ties.at("device:nvidia", cuda, key.line, key.column, "cog", "gpu: true",
                              need="hardware", tie="tied")  # fmt: skip
            elif key.text in ("cuda", "cudnn") and value.text:
                yield ties.at("toolchain:cuda", cuda, key.line, key.column, "cog",
                              f"{key.text}: {value.text}", version=value.text)  # fmt: skip
            elif key.text == "python_packages":
                for item in value.values:
                    yield from ties.requirement(item.text, item.line, item.column)
