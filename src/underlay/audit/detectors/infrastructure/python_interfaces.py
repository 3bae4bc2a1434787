"""Which lines of Python speak an accelerator's interface, and whether a choice guards them.

Pure: a syntax tree in, events out. An event under a condition that asks for the accelerator is a
switch; where the choice names accelerators of several makers, the code is portable there.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.audit.detectors.infrastructure.catalogue import catalogue
from underlay.audit.detectors.infrastructure.device_names import (
    ATTENTION,
    BACKENDS,
    CUDA_TEXT,
    DEVICE_KEYWORDS,
    DEVICE_NAME,
    IMPORT_ERRORS,
    KERNEL_SOURCES,
    MACHINES,
    NAMESPACES,
    NEUTRAL,
    NVIDIA_TOOL,
    OTHER_DEVICE,
    PROVIDERS,
    SENSES,
    TOOLS,
    VARIABLES,
    dotted_name,
    families_in,
    torch_cuda_replacement,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.audit.findings import Need, Role, Tie

__all__ = ["Event", "Scan", "scan"]

FREE, SWITCH, PORTABLE = 0, 1, 2
_TIES: tuple[Tie, ...] = ("tied", "switch", "portable")
MAX_NODES = 2_000_000
_ADDRESS = re.compile(r"https?://[^\s\"'<>]{4,400}")


@dataclass(frozen=True, slots=True)
class Event:
    """One place that speaks an accelerator's interface, before places of a line are joined."""

    rule: str
    component: str
    vendor: str
    tie: Tie
    need: Need
    line: int
    column: int
    evidence: str
    replacement: str | None = None
    role: Role = "use"
    is_reported: bool = True  # a mere question, `device == "cuda"`, is counted and not reported


@dataclass(frozen=True, slots=True)
class Scan:
    """Everything that was seen in one file, and whether it was read to its end."""

    events: tuple[Event, ...]
    is_complete: bool = True


def _is_question(test: ast.AST) -> bool:
    """Whether a condition asks which accelerator there is."""
    return bool(families_in((test,)))


def _leaves(body: list[ast.stmt]) -> str:
    """How a block leaves its surroundings: `raise`, `return` or not at all."""
    last = body[-1] if body else None
    if isinstance(last, ast.Raise):
        return "raise"
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        name = dotted_name(last.value.func) or ""
        if name in ("sys.exit", "exit", "quit", "os._exit"):
            return "raise"
        if name.endswith((".skip", ".skipTest")):
            return "return"
    if isinstance(last, ast.Return | ast.Continue | ast.Break):
        return "return"
    return ""


def _grade(families: set[str], at_least: int) -> int:
    named = families - NEUTRAL
    several = len(named) > 1 or (bool(named) and "accelerator" in families)
    return PORTABLE if several else at_least


class _Scanner:
    def __init__(self, tree: ast.Module) -> None:
        self.events: list[Event] = []
        self.names: dict[str, str] = {}
        self.is_complete = True
        self._seen_strings: set[int] = set()
        self._walk(tree)

    # --- the walk: a stack, so that no depth of nesting can break it

    def _walk(self, tree: ast.Module) -> None:
        stack: list[tuple[ast.AST, int]] = [(tree, FREE)]
        count = 0
        while stack:
            node, guard = stack.pop()
            count += 1
            if count > MAX_NODES:
                self.is_complete = False
                return
            children = self._enter(node, guard)
            stack.extend(reversed(children))

    def _enter(self, node: ast.AST, guard: int) -> list[tuple[ast.AST, int]]:
        if isinstance(node, ast.If):
            return self._if(node, guard)
        if isinstance(node, ast.IfExp):
            return self._choice(node, guard)
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node, guard)
            return []
        if isinstance(node, ast.Try):
            return self._try(node, guard)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            asked = _is_question(node.values[0])
            later = max(guard, SWITCH) if asked else guard
            return [(node.values[0], guard), *((value, later) for value in node.values[1:])]
        if isinstance(node, ast.Assert) and _is_question(node.test):
            self._required(node, node.test)
            return [(node.test, max(guard, SWITCH))]
        if isinstance(node, ast.Attribute):
            return self._attribute(node, guard)
        if isinstance(node, ast.Call):
            return self._call(node, guard)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self._function(node, guard)
        if isinstance(node, ast.Compare):
            return self._compare(node, guard)
        if isinstance(node, ast.Constant):
            self._constant(node, guard, role="use")
            return []
        if isinstance(node, ast.Match):
            return self._match(node, guard)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant):
            self._device(node.value, guard)
        if isinstance(node, ast.JoinedStr):
            self._joined(node, guard)
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            return self._list(node, guard)
        elif isinstance(node, ast.Dict):
            return self._dict(node, guard)
        elif isinstance(node, ast.Subscript):
            return self._subscript(node, guard)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return []  # a docstring
        body = getattr(node, "body", None)
        if isinstance(node, ast.ClassDef) and _is_enumeration(node):
            for statement in node.body:
                if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                    self._constant(statement.value, guard, "option")
        if isinstance(body, list):
            return self._blocks(node, guard)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            return self._assign(node, guard)
        return [(child, guard) for child in ast.iter_child_nodes(node)]

    def _blocks(self, node: ast.AST, guard: int) -> list[tuple[ast.AST, int]]:
        """Children of a node with blocks; what follows an early exit is guarded by it."""
        children: list[tuple[ast.AST, int]] = []
        for _, value in ast.iter_fields(node):
            if isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    children += self._block(value, guard)
                else:
                    children += [(item, guard) for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                children.append((value, guard))
        return children

    def _block(self, body: list[ast.stmt], guard: int) -> list[tuple[ast.AST, int]]:
        children: list[tuple[ast.AST, int]] = []
        several = _asked_in_turn(body)
        for statement in body:
            if id(statement) in several:
                children.append((statement, PORTABLE))
                continue
            children.append((statement, guard))
            if isinstance(statement, ast.If) and not statement.orelse:
                if not _is_question(statement.test):
                    continue
                leaves = _leaves(statement.body)
                if leaves == "return":
                    guard = max(guard, _grade(families_in((statement.test,)), SWITCH))
                elif leaves == "raise" and _is_refusal(statement.test):
                    self._required(statement, statement.test)
        return children

    def _if(self, node: ast.If, guard: int) -> list[tuple[ast.AST, int]]:
        if not _is_question(node.test):
            return [
                (node.test, guard),
                *self._block(node.body, guard),
                *self._block(node.orelse, guard),
            ]
        families = families_in((node.test,))
        link: ast.stmt | None = node.orelse[0] if len(node.orelse) == 1 else None
        while isinstance(link, ast.If):  # elif after elif
            families |= families_in((link.test,))
            link = link.orelse[0] if len(link.orelse) == 1 else None
        inner = max(guard, _grade(families, SWITCH))
        return [
            (node.test, inner),
            *self._block(node.body, inner),
            *self._block(node.orelse, inner),
        ]

    def _match(self, node: ast.Match, guard: int) -> list[tuple[ast.AST, int]]:
        """A choice between cases; their patterns are questions."""
        families = families_in([node.subject, *(case.pattern for case in node.cases)])
        inner = max(guard, _grade(families, SWITCH)) if families else guard
        children: list[tuple[ast.AST, int]] = [(node.subject, guard)]
        for case in node.cases:
            children += self._block(case.body, inner)
        return children

    def _choice(self, node: ast.IfExp, guard: int) -> list[tuple[ast.AST, int]]:
        inner = guard
        if _is_question(node.test):
            inner = max(guard, _grade(families_in((node,)), SWITCH))
        return [(node.test, max(guard, inner)), (node.body, inner), (node.orelse, inner)]

    def _try(self, node: ast.Try, guard: int) -> list[tuple[ast.AST, int]]:
        caught: set[str] = set()
        for handler in node.handlers:
            kinds = handler.type
            listed = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
            for kind in listed:
                name = "Exception" if kind is None else (dotted_name(kind) or "")
                caught.add(name.rpartition(".")[2])
        refuses = all(_leaves(h.body) == "raise" for h in node.handlers)
        guarded = bool(caught & IMPORT_ERRORS) and not refuses
        inner = max(guard, SWITCH) if guarded else guard
        children: list[tuple[ast.AST, int]] = []
        for statement in node.body:
            is_import = isinstance(statement, ast.Import | ast.ImportFrom)
            children.append((statement, inner if is_import else guard))
        children += [(handler, guard) for handler in node.handlers]
        return [*children, *self._block(node.orelse, guard), *self._block(node.finalbody, guard)]

    # --- findings

    def _add(
        self,
        rule: str,
        component: str,
        vendor: str,
        node: ast.AST,
        evidence: str,
        *,
        tie: Tie,
        need: Need = "interface",
        replacement: str | None = None,
        role: Role = "use",
        is_reported: bool = True,
    ) -> None:
        self.events.append(
            Event(
                f"coupling/{rule}",
                component,
                vendor,
                tie,
                need,
                getattr(node, "lineno", 1),
                getattr(node, "col_offset", 0) + 1,
                evidence[:120],
                replacement,
                role,
                is_reported,
            )
        )

    def _required(self, node: ast.AST, test: ast.AST) -> None:
        if "cuda" not in families_in((test,)):
            return
        self._add(
            "required",
            "api:cuda",
            "nvidia",
            node,
            "stops where CUDA is not available",
            tie="tied",
            replacement="torch.accelerator.is_available",
        )

    def _import(self, node: ast.Import | ast.ImportFrom, guard: int) -> None:
        if isinstance(node, ast.Import):
            pairs = [(alias.name, alias.asname or alias.name.partition(".")[0], alias)
                     for alias in node.names]  # fmt: skip
            for full, bound, alias in pairs:
                self.names[bound] = full if alias.asname else full.partition(".")[0]
                self._module(full, node, guard)
                if full.startswith("torch.cuda."):
                    self._taken(node, full, full.removeprefix("torch.cuda."), guard)
            return
        if node.level or not node.module:
            return
        if node.module == "torch.cuda" or node.module.startswith("torch.cuda."):
            inner = node.module.removeprefix("torch.cuda").lstrip(".")
            for alias in node.names:
                name = f"{inner}.{alias.name}".lstrip(".")
                self._taken(node, f"{node.module}.{alias.name}", name, guard)
        told: set[str] = set()
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            self.names[alias.asname or alias.name] = full
            found = catalogue().module(full)
            if found and found[0] not in told:
                told.add(found[0])
                self._module(full, node, guard)

    def _taken(self, node: ast.AST, full: str, name: str, guard: int) -> None:
        """A name or a module of `torch.cuda` that an import takes."""
        floor = SWITCH if name in SENSES else FREE
        self._add("torch-cuda-import", "api:cuda", "nvidia", node, f"import {full}",
                  tie=_TIES[max(guard, floor)],
                  replacement=torch_cuda_replacement(name))  # fmt: skip

    def _module(self, module: str, node: ast.AST, guard: int) -> None:
        found = catalogue().module(module)
        if found is None:
            return
        package, entry = found
        tie = _TIES[max(guard, _TIES.index(entry.tie))]
        self._add("import", f"package:{package}", entry.vendor, node, f"import {module}",
                  tie=tie, need=entry.need, replacement=entry.replacement)  # fmt: skip

    def _full(self, dotted: str) -> str:
        head, _, rest = dotted.partition(".")
        head = self.names.get(head, head)
        return f"{head}.{rest}" if rest else head

    def _attribute(self, node: ast.Attribute, guard: int) -> list[tuple[ast.AST, int]]:
        dotted = dotted_name(node)
        if dotted is None:
            return [(node.value, guard)]
        full = self._full(dotted)
        parts = full.split(".")
        if parts[0] == "torch" and len(parts) > 1:
            self._torch(node, parts[1:], guard)
        elif parts[0] == "jax" and full.startswith("jax.experimental.pallas.triton"):
            self._add("kernel", "kernel:triton", "openai", node, full, tie="switch",
                      need="toolchain")  # fmt: skip
        return []

    def _torch(self, node: ast.AST, parts: list[str], guard: int) -> None:
        first, rest = parts[0], ".".join(parts[1:])
        if first == "accelerator":
            self._add("neutral", "api:torch.accelerator", "pytorch", node,
                      f"torch.{'.'.join(parts)}", tie="portable", need="none")  # fmt: skip
        elif first == "cuda":
            floor = SWITCH if parts[-1] in SENSES else FREE
            self._add("torch-cuda", "api:cuda", "nvidia", node, f"torch.{'.'.join(parts)}",
                      tie=_TIES[max(guard, floor)],
                      replacement=torch_cuda_replacement(rest) if rest else None)  # fmt: skip
        elif first in NAMESPACES and rest:
            floor = SWITCH if parts[-1] in SENSES else FREE
            self._other(first, node, f"torch.{'.'.join(parts)}", max(guard, floor))
        elif first == "backends" and len(parts) > 1:
            if parts[1] in ("cuda", "cudnn"):
                # a flag that does nothing elsewhere; ROCm reads it too
                self._add("torch-backends", "api:cuda", "nvidia", node,
                          f"torch.{'.'.join(parts)}", tie="portable")  # fmt: skip
            elif parts[1] == "mps":
                self._other("mps", node, f"torch.{'.'.join(parts)}", max(guard, SWITCH))
        elif first == "version" and rest in ("cuda", "hip"):
            self._add("version", "api:cuda", "nvidia", node, f"torch.version.{rest}",
                      tie="switch", is_reported=False)  # fmt: skip

    def _other(self, family: str, node: ast.AST, evidence: str, guard: int) -> None:
        self._add("other-accelerator", f"api:{family}", NAMESPACES.get(family, "unknown"), node,
                  evidence, tie=_TIES[guard], need="hardware",
                  replacement="torch.accelerator")  # fmt: skip

    def _device(self, node: ast.Constant, guard: int, role: Role = "use") -> None:
        """A text that is a device, at a place where a device belongs."""
        if id(node) in self._seen_strings or not isinstance(node.value, str):
            return
        self._seen_strings.add(id(node))
        floor = SWITCH if role == "default" else PORTABLE if role == "option" else FREE
        if CUDA_TEXT.fullmatch(node.value):
            self._add("device", "api:cuda", "nvidia", node, f'"{node.value}"',
                      tie=_TIES[max(guard, floor)], role=role,
                      replacement="torch.accelerator.current_accelerator()")  # fmt: skip
        elif match := OTHER_DEVICE.fullmatch(node.value):
            self._other(match[1], node, f'"{node.value}"', max(guard, floor))

    def _constant(self, node: ast.Constant, guard: int, role: Role) -> None:
        value = node.value
        if not isinstance(value, str) or len(value) > 20_000:
            return
        if CUDA_TEXT.fullmatch(value):
            self._device(node, guard, role)
        elif value.endswith("ExecutionProvider"):
            self._provider(node, guard, role)
        elif "://" in value:
            self._index(node, value, guard)

    def _index(self, node: ast.Constant, value: str, guard: int) -> None:
        """An address of wheels, as a script that installs holds it."""
        if not any(word in value for word in ("whl", "simple", "pypi")):
            return
        for match in _ADDRESS.finditer(value):
            found = catalogue().index(match[0])
            if found:
                name, entry = found
                self._add("index", f"toolchain:{name}", entry.vendor, node, match[0],
                          tie=_TIES[max(guard, SWITCH)], need=entry.need,
                          replacement=entry.replacement)  # fmt: skip

    def _provider(self, node: ast.Constant, guard: int, role: Role) -> None:
        name = str(node.value).removesuffix("ExecutionProvider")
        if id(node) in self._seen_strings or name not in PROVIDERS:
            return
        self._seen_strings.add(id(node))
        floor = SWITCH if role == "option" else FREE
        self._add("provider", f"api:{name}ExecutionProvider", PROVIDERS[name], node, name,
                  tie=_TIES[max(guard, floor)], need="hardware",
                  replacement="onnxruntime.get_available_providers()")  # fmt: skip

    def _joined(self, node: ast.JoinedStr, guard: int) -> None:
        first = node.values[0] if node.values else None
        if isinstance(first, ast.Constant) and first.value in ("cuda", "cuda:"):
            self._seen_strings.add(id(first))
            self._add("device", "api:cuda", "nvidia", node, "f-string of cuda:",
                      tie=_TIES[guard],
                      replacement="torch.accelerator.current_accelerator()")  # fmt: skip

    def _list(self, node: ast.List | ast.Tuple | ast.Set, guard: int) -> list[tuple[ast.AST, int]]:
        texts = {e.value for e in node.elts if isinstance(e, ast.Constant)}
        is_choice = any(isinstance(t, str) and t.startswith(("cpu", "mps", "auto", "CPUEx"))
                        for t in texts)  # fmt: skip
        for element in node.elts:
            if is_choice and isinstance(element, ast.Constant):
                self._constant(element, guard, "option")
                if isinstance(element.value, str) and OTHER_DEVICE.fullmatch(element.value):
                    self._device(element, guard, "option")
        return [(child, guard) for child in node.elts]

    def _dict(self, node: ast.Dict, guard: int) -> list[tuple[ast.AST, int]]:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self._seen_strings.add(id(key))
                self._variable(key, key.value, guard)
                if isinstance(value, ast.Constant):
                    self._keyword(key.value, value, guard)
        return [(value, guard) for value in node.values]

    def _subscript(self, node: ast.Subscript, guard: int) -> list[tuple[ast.AST, int]]:
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            self._seen_strings.add(id(key))
            if (dotted_name(node.value) or "").endswith("environ"):
                self._variable(key, key.value, guard)
        return [(node.value, guard), (key, guard)]

    def _variable(self, node: ast.AST, name: str, guard: int) -> None:
        known = VARIABLES.get(name)
        if known is None:
            return
        need, replacement = known
        component = "toolchain:cuda" if need == "toolchain" else "api:cuda"
        self._add("environment", component, "nvidia", node, name,
                  tie=_TIES[max(guard, SWITCH)], replacement=replacement,
                  need=need)  # fmt: skip

    def _compare(self, node: ast.Compare, guard: int) -> list[tuple[ast.AST, int]]:
        for part in (node.left, *node.comparators):
            if (
                isinstance(part, ast.Constant)
                and isinstance(part.value, str)
                and CUDA_TEXT.fullmatch(part.value)
            ):
                self._seen_strings.add(id(part))
                self._add("question", "api:cuda", "nvidia", part, f'"{part.value}"',
                          tie="switch", is_reported=False)  # fmt: skip
        return [(child, max(guard, SWITCH)) for child in (node.left, *node.comparators)]

    def _assign(self, node: ast.Assign | ast.AnnAssign, guard: int) -> list[tuple[ast.AST, int]]:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            name = (
                target.id
                if isinstance(target, ast.Name)
                else target.attr
                if isinstance(target, ast.Attribute)
                else ""
            )
            if isinstance(node.value, ast.Constant) and name:
                # an annotated name with a value is a setting: a field of a class, an option
                role: Role = "default" if isinstance(node, ast.AnnAssign) else "use"
                self._keyword(name.lower(), node.value, guard, role)
        return [(child, guard) for child in (*targets, node.value) if child is not None]

    def _keyword(self, name: str, value: ast.Constant, guard: int, role: Role = "use") -> None:
        text = value.value
        if name in DEVICE_KEYWORDS or DEVICE_NAME.search(name):
            self._device(value, guard, role)
            if name == "device_map" and text in ("auto", "balanced", "balanced_low_0"):
                self._add("device-map", "api:device-map", "huggingface", value,
                          f'device_map="{text}"', tie="portable", need="none",
                          role=role)  # fmt: skip
        if "backend" in name and text in BACKENDS:
            self._backend(value, guard, role)
        if isinstance(text, str) and name in MACHINES:
            self._machine(value, text, name, guard, role)
        if name.endswith("attn_implementation") and text in ATTENTION:
            self._flash(value, f'{name}="{text}"', guard, role)
        if name == "use_flash_attention_2" and text is True:
            self._flash(value, "use_flash_attention_2=True", guard, role)
        if name in ("load_in_4bit", "load_in_8bit") and text is True:
            self._bits(value, f"{name}=True", guard)

    def _machine(self, node: ast.Constant, text: str, name: str, guard: int, role: Role) -> None:
        """A machine, an accelerator or an image that code asks a cloud for."""
        known = catalogue()
        if id(node) in self._seen_strings:
            return
        word = text.partition(":")[0]
        found = known.instance(text)
        image = known.image(text) if "/" in text and "image" in name else None
        entry = None if "image" in name else known.accelerator(word)
        if found:
            component, entry = f"instance:{found.cloud}/{text}", found.entry
        elif image:
            component, entry = image
        elif entry:
            component = f"accelerator:{word}"
        else:
            return
        self._seen_strings.add(id(node))
        self._add("machine", component, entry.vendor, node, f'{name}="{text}"',
                  tie=_TIES[max(guard, _TIES.index(entry.tie))], need=entry.need, role=role,
                  replacement=entry.replacement)  # fmt: skip

    def _backend(self, node: ast.Constant, guard: int, role: Role) -> None:
        if id(node) in self._seen_strings:
            return
        self._seen_strings.add(id(node))
        name = str(node.value)
        vendor, replacement = BACKENDS[name]
        floor = SWITCH if role == "default" else FREE
        self._add("collectives", f"api:{name}", vendor, node, f'"{name}"',
                  tie=_TIES[max(guard, floor)], replacement=replacement, role=role)  # fmt: skip

    def _flash(self, node: ast.AST, evidence: str, guard: int, role: Role) -> None:
        entry = catalogue().package("flash-attn")
        self._add("attention", "package:flash-attn", "nvidia", node, evidence,
                  tie=_TIES[max(guard, SWITCH if role == "default" else FREE)], role=role,
                  replacement='"sdpa"' if entry is None else f'"sdpa": {entry.replacement}',
                  )  # fmt: skip

    def _bits(self, node: ast.AST, evidence: str, guard: int) -> None:
        entry = catalogue().package("bitsandbytes")
        if entry:
            self._add("quantisation", "package:bitsandbytes", entry.vendor, node, evidence,
                      tie=_TIES[max(guard, _TIES.index(entry.tie))],
                      replacement=entry.replacement)  # fmt: skip

    # --- calls and functions

    def _call(self, node: ast.Call, guard: int) -> list[tuple[ast.AST, int]]:
        function = node.func
        dotted = dotted_name(function)
        full = self._full(dotted) if dotted else ""
        last = full.rpartition(".")[2] or (
            function.attr if isinstance(function, ast.Attribute) else ""
        )
        constants = [a for a in node.args if isinstance(a, ast.Constant)]
        if last == "cuda" and isinstance(function, ast.Attribute) and full != "torch.cuda":
            self._add("cuda-method", "api:cuda", "nvidia", _at_end(function), ".cuda()",
                      tie=_TIES[guard], replacement=".to(device)")  # fmt: skip
            receiver: list[tuple[ast.AST, int]] = [(function.value, guard)]
            return [*receiver, *self._arguments(node, guard)]
        self._special(node, full, last, guard)
        if last in ("getenv", "get", "setdefault", "pop") and constants:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                is_environment = last == "getenv" or ".environ." in f".{full}."
                self._seen_strings.add(id(first))
                if is_environment:
                    self._variable(first, first.value, guard)
                for default in node.args[1:2]:
                    if isinstance(default, ast.Constant):
                        self._keyword(first.value.lower(), default, guard, "default")
                        self._constant(default, guard, "default")
        if last in ("to", "device", "set_default_device", "autocast", "Generator", "to_empty"):
            for value in constants:
                self._device(value, guard)
        if last == "from_registry":
            for value in constants:
                if isinstance(value.value, str):
                    self._machine(value, value.value, "image", guard, "use")
        if last == "init_process_group":
            for value in constants:
                if value.value in BACKENDS:
                    self._backend(value, guard, "use")
        if last in ("add_argument", "option", "Option", "Argument", "Field", "field", "add_option"):
            self._option(node, guard)
        if last in ("pip_install", "uv_pip_install"):
            for value in constants:
                self._requirement(value, guard)
        children = self._arguments(node, guard)
        return [(function, guard), *children]

    def _arguments(self, node: ast.Call, guard: int) -> list[tuple[ast.AST, int]]:
        for keyword in node.keywords:
            if keyword.arg and isinstance(keyword.value, ast.Constant):
                self._keyword(keyword.arg, keyword.value, guard)
        return [*((a, guard) for a in node.args), *((k.value, guard) for k in node.keywords)]

    def _option(self, node: ast.Call, guard: int) -> None:
        """Defaults and choices of a command line's option or a field."""
        names = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
        name = next((n.lstrip("-").replace("-", "_") for n in names if n), "")
        for keyword in node.keywords:
            if keyword.arg == "default" and isinstance(keyword.value, ast.Constant):
                self._keyword(name, keyword.value, guard, "default")
                self._constant(keyword.value, guard, "default")
            elif keyword.arg in ("choices", "type") and isinstance(
                keyword.value, ast.List | ast.Tuple | ast.Set
            ):
                for element in keyword.value.elts:
                    if isinstance(element, ast.Constant):
                        self._constant(element, guard, "option")

    def _requirement(self, node: ast.Constant, guard: int) -> None:
        if not isinstance(node.value, str):
            return
        name = re.match(r"[A-Za-z0-9][\w.-]*", node.value)
        entry = catalogue().package(name[0]) if name else None
        if name and entry:
            tie = _TIES[max(guard, _TIES.index(entry.tie))]
            package = re.sub(r"[-_.]+", "-", name[0]).lower()
            self._add("installs", f"package:{package}", entry.vendor, node, node.value,
                      tie=tie, need=entry.need, replacement=entry.replacement)  # fmt: skip

    def _special(self, node: ast.Call, full: str, last: str, guard: int) -> None:
        keywords = {k.arg: k.value for k in node.keywords if k.arg}
        builds = (
            last == "CUDAExtension"
            or (last == "load_inline" and "cuda_sources" in keywords)
            or (last == "load" and "cpp_extension" in full and _names_cuda_file(node))
        )
        if builds:
            self._kernel(node, last, guard)
        elif last in KERNEL_SOURCES and full.split(".")[0] in ("cupy", "cp"):
            self._kernel(node, f"cupy.{last}", guard)
        elif last == "SourceModule":
            self._kernel(node, "pycuda SourceModule", guard)
        elif last == "BitsAndBytesConfig":
            self._bits(node, "BitsAndBytesConfig(...)", guard)
        elif last in ("run", "Popen", "check_output", "check_call", "system", "popen", "which",
                      "call", "getoutput", "getstatusoutput", "create_subprocess_exec",
                      "create_subprocess_shell"):  # fmt: skip
            self._tools(node, guard)

    def _kernel(self, node: ast.AST, evidence: str, guard: int) -> None:
        self._add("cuda-extension", "kernel:cuda", "nvidia", node, f"{evidence}(...)",
                  tie=_TIES[guard], need="toolchain",
                  replacement="HIP: BuildExtension translates the sources on ROCm")  # fmt: skip

    def _tools(self, node: ast.Call, guard: int) -> None:
        stack: list[ast.AST] = [*node.args]
        for _ in range(200):
            if not stack:
                return
            part = stack.pop()
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                match = NVIDIA_TOOL.search(part.value[:2000])
                if match:
                    need, replacement = TOOLS[match[1]]
                    self._add("tool", f"tool:{match[1]}", "nvidia", part, match[1],
                              tie=_TIES[guard], replacement=replacement, need=need)  # fmt: skip
                    return
            elif isinstance(part, ast.List | ast.Tuple | ast.JoinedStr | ast.BinOp):
                stack.extend(ast.iter_child_nodes(part))

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, guard: int
    ) -> list[tuple[ast.AST, int]]:
        inner = guard
        for decorator in node.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            full = self._full(dotted_name(call) or "")
            if full in ("triton.jit", "triton.autotune", "triton.heuristics"):
                if full == "triton.jit":
                    self._add("triton-kernel", "kernel:triton", "openai", node,
                              f"@triton.jit def {node.name}", tie="switch", need="toolchain",
                              replacement="Triton's AMD and Intel back ends, triton-ascend",
                              )  # fmt: skip
            elif full in ("numba.cuda.jit", "warp.kernel", "cupyx.jit.rawkernel"):
                self._add("cuda-kernel", "kernel:cuda", "nvidia", node,
                          f"@{full} def {node.name}", tie=_TIES[guard], need="interface",
                          replacement="Triton")  # fmt: skip
            elif re.search(r"(?i)skip|require", full) and _is_question(decorator):
                inner = max(inner, SWITCH)
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = list(zip(positional[::-1], arguments.defaults[::-1], strict=False))
        pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
                  if d is not None]  # fmt: skip
        for argument, default in pairs:
            if isinstance(default, ast.Constant):
                self._keyword(argument.arg, default, guard, "default")
                self._constant(default, guard, "default")
        children: list[tuple[ast.AST, int]] = [(d, guard) for d in node.decorator_list]
        children += [(default, guard) for _, default in pairs]
        return [*children, *self._block(node.body, inner)]


def _at_end(node: ast.Attribute) -> ast.AST:
    """A place for `x.y.cuda`: the attribute's own line, where a chain spans several."""
    place = ast.Name(id=node.attr)
    place.lineno = node.end_lineno or node.lineno
    place.col_offset = max(0, (node.end_col_offset or 0) - len(node.attr))
    return place


def _is_refusal(test: ast.AST) -> bool:
    """`not torch.cuda.is_available()` or `device == "cpu"`, as a ground to stop."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return True
    return isinstance(test, ast.Compare) and any(
        isinstance(op, ast.Eq | ast.Lt | ast.LtE) for op in test.ops
    )


def _asked_in_turn(body: list[ast.stmt]) -> set[int]:
    """Questions after one another, each left by a return, that name accelerators of several makers.

    A choice in the form of `if cuda: return ...`, `if mps: return ...`.
    """
    asked: list[ast.If] = []
    families: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.If) and _leaves(statement.body) == "return":
            named = families_in((statement.test,))
            if named:
                asked.append(statement)
                families |= named
    is_choice = len(asked) > 1 and _grade(families, SWITCH) == PORTABLE
    return {id(statement) for statement in asked} if is_choice else set()


def _is_enumeration(node: ast.ClassDef) -> bool:
    return any((dotted_name(base) or "").endswith(("Enum", "Flag")) for base in node.bases)


def _names_cuda_file(node: ast.Call) -> bool:
    return any(
        isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and part.value.endswith((".cu", ".cuh"))
        for part in _bounded(node)
    )


def _bounded(node: ast.AST, budget: int = 500) -> Iterator[ast.AST]:
    stack = [node]
    while stack and budget:
        budget -= 1
        part = stack.pop()
        yield part
        stack.extend(ast.iter_child_nodes(part))


def scan(tree: ast.Module) -> Scan:
    """Every event of a file, in the order of its lines."""
    scanner = _Scanner(tree)
    found = sorted(scanner.events, key=lambda e: (e.line, e.column, e.rule, e.component))
    return Scan(tuple(found), scanner.is_complete)
