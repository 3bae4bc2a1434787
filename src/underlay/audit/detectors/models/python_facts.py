"""What one Python file says, without the others: names, calls, and strings that may be models."""

# ruff: noqa: ARG002 - visitors are called alike, whether they need each argument or not

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.python_arguments import CallScan
from underlay.audit.detectors.models.python_clients import is_client
from underlay.audit.detectors.models.python_looks import has_globs
from underlay.audit.detectors.models.python_presets import ENDINGS, whole_names
from underlay.audit.detectors.models.python_prose import prose_of
from underlay.audit.detectors.models.python_scan import (
    ALTERNATIVES,
    MOST,
    NEVER,
    NOWHERE,
    OUTPUTS,
    Seen,
)
from underlay.audit.detectors.models.python_values import Value, dotted, text_of, value_of
from underlay.audit.findings import SURE
from underlay.audit.names.references import classify, key_strength
from underlay.audit.names.sites import DATA_REPOSITORIES, PARTS, are_of_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.audit.findings import Facts, Role

__all__ = ["facts_of"]

# an enumeration of the sizes of one model
_SIZES = re.compile(r"(?i)whisper|model_?sizes?$")
_NO_LETTER = re.compile(r"[^A-Za-z0-9]")
_INTERFACE = re.compile(
    r"/v1/(?:chat/completions|completions|embeddings|responses|messages|moderations|"
    r"audio/(?:transcriptions|translations|speech)|images/(?:generations|edits))$"
)


def facts_of(tree: ast.Module, data: bytes) -> Facts:
    """Names, functions, classes, calls and sinks of a module, as JSON.

    A sink is a value at a place that says something about it: `[rule, evidence, role, expects,
    operator, strength, scope, value, more]`.
    """
    reader = _Reader()
    reader.has_weights = any(ending in data for ending in ENDINGS)
    reader.has_whisper = b"whisper" in data or b"Whisper" in data
    reader.read(tree)
    facts = reader.facts()
    prose = prose_of(
        data, reader.docstrings, reader.quoted, reader.texts, reader.notes, reader.joined
    )
    if prose:
        facts["prose"] = prose
    return facts


class _Reader(CallScan):
    """The whole walk: statements too."""

    def __init__(self) -> None:
        super().__init__()
        self.choices: set[str] = set()  # enumerations, from which others derive
        self.visits |= {
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Lambda: self._lambda,
            ast.ClassDef: self._class,
            ast.Assign: self._assign,
            ast.AnnAssign: self._assign,
            ast.AugAssign: self._assign,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.comprehension: self._for,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Return: self._return,
            ast.Expr: self._statement,
            ast.NamedExpr: self._named,
            ast.Raise: self._raise,
            ast.Assert: self._assert,
            ast.match_case: self._case,
        }

    def read(self, tree: ast.Module) -> None:
        """Look at the whole module."""
        for taken in _imports(tree):  # first: calls before them are resolved too
            self.visits[type(taken)](taken, NOWHERE, "")
        for item in tree.body:  # in their order: one may derive from another
            if isinstance(item, ast.ClassDef) and item.bases:
                bases = [dotted(base) or "" for base in item.bases]
                if _is_choice(bases) or not self.choices.isdisjoint(bases):
                    self.choices.add(item.name)
        self.body(tree.body, NOWHERE, "")
        while self.stack:
            node, seen, scope = self.stack.pop()
            visit = self.visits.get(type(node))
            if visit is not None:
                visit(node, seen, scope)
            else:
                self.plain(node, seen, scope)
        self.visits.clear()  # they hold the reader that holds them

    def _import(self, node: ast.Import, seen: Seen, scope: str) -> None:
        for alias in node.names:
            root = alias.name.partition(".")[0]
            self.packages.add(root)
            if alias.asname:
                self.imports[alias.asname] = alias.name
            else:
                self.imports[root] = root

    def _import_from(self, node: ast.ImportFrom, seen: Seen, scope: str) -> None:
        module = "." * node.level + (node.module or "")
        if not node.level:
            self.packages.add(module.partition(".")[0])
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                joint = "" if module.endswith(".") else "."
                self.imports[alias.asname or alias.name] = f"{module}{joint}{alias.name}"

    def _function(self, node: ast.FunctionDef, seen: Seen, scope: str) -> None:
        name = f"{scope}.{node.name}" if scope else node.name
        given = node.args
        plain = [*given.posonlyargs, *given.args]
        defaults: dict[str, Value] = {}
        more = {"alias": True} if any(_serves(one) for one in node.decorator_list) else {}
        if more:
            self.serving.add(name)
        of_data = are_of_data(one.arg for one in (*plain, *given.kwonlyargs))
        for argument, default in [
            *zip(plain[len(plain) - len(given.defaults) :], given.defaults, strict=True),
            *zip(given.kwonlyargs, given.kw_defaults, strict=True),
        ]:
            if default is None:
                continue
            if more and isinstance(default, ast.Call):
                self.examples.append((default.lineno, default.end_lineno or default.lineno))
            if of_data and argument.arg in DATA_REPOSITORIES:
                continue
            self.keyed(argument.arg, default, scope, role="default", rule="parameter", more=more)
            value = value_of(default)
            if value is not None:
                defaults[argument.arg] = ["D", value]
        notes = {
            argument.arg: found
            for argument in (*plain, *given.kwonlyargs)
            if (found := _annotation(argument.annotation)) is not None
        }
        for argument in (*plain, *given.kwonlyargs):
            self.annotated(argument.annotation, argument.arg, scope)
        known = {
            "p": [argument.arg for argument in plain],
            "k": [argument.arg for argument in given.kwonlyargs],
            "d": defaults,
            "a": notes,
            "r": [],
        }
        if len(self.functions) < MOST:
            self.functions[name] = known
        for decorator in node.decorator_list:
            self.decorator(decorator, known, scope)
        strength = key_strength(node.name)
        inside = Seen(key=node.name, strength=strength, rule="function") if strength else NOWHERE
        # only `return` looks at what the function's name says
        self.body(node.body, inside, name)

    def _lambda(self, node: ast.Lambda, seen: Seen, scope: str) -> None:
        self.push([node.body, *node.args.defaults], seen._replace(role=seen.role), scope)

    def _class(self, node: ast.ClassDef, seen: Seen, scope: str) -> None:
        name = f"{scope}.{node.name}" if scope else node.name
        bases = [found for base in node.bases if (found := dotted(base)) is not None]
        fields = [
            item.target.id
            for item in node.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        ]
        self.classes[name] = {"b": bases, "f": fields}
        if is_client(node.name) or any(map(is_client, bases)):
            self.clients.add(name)
        is_choice = node.name in self.choices or _is_choice(bases)
        strength = key_strength(node.name)
        if is_choice and not strength and _SIZES.search(node.name):
            strength = 0.6
        # keys of settings: each member says its own name again
        is_keys = is_choice and not strength and _names_itself(node.body)
        inside = Seen(
            key=node.name,
            strength=strength,
            role="option" if is_choice else "default",
            rule="enum" if is_choice else "field",
            more={"g": f"class {name}"} if is_choice or strength else {},
        )
        self.push((*node.bases, *(k.value for k in node.keywords)), NOWHERE, scope)
        self.push(node.decorator_list, NOWHERE, scope)
        body = node.body
        if body and isinstance(body[0], ast.Expr) and text_of(body[0].value) is not None:
            self.docstrings.append(body[0].value)
            body = body[1:]
        for item in body:
            is_field = isinstance(item, (ast.Assign, ast.AnnAssign))
            if is_field and is_keys:
                continue
            self.stack.append((item, inside if is_field else NOWHERE, name))

    def _assign(self, node: Any, seen: Seen, scope: str) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if isinstance(node, ast.AnnAssign):
            key = dotted(node.target) or ""
            self.annotated(node.annotation, key.rpartition(".")[2], scope)
        if node.value is None:
            return
        for target in targets:
            self._target(target, node.value, scope)
            if isinstance(target, ast.Subscript):
                self.stack.append((target, NOWHERE, scope))
        name = dotted(targets[0]) if not isinstance(targets[0], (ast.Tuple, ast.List)) else None
        if isinstance(targets[0], ast.Subscript):
            name = text_of(targets[0].slice) or name
        last = name.rpartition(".")[2] if name else ""
        strength = key_strength(last)
        in_class = seen.rule in ("enum", "field")
        if isinstance(targets[0], (ast.Tuple, ast.List)) and isinstance(node.value, ast.Tuple):
            for target, value in zip(targets[0].elts, node.value.elts, strict=False):
                self.keyed((dotted(target) or "").rpartition(".")[2], value, scope)
            return
        if name == "__all__":
            return
        role: Role | None = seen.role if in_class else None
        is_one = not isinstance(node.value, (ast.Dict, ast.List, ast.Tuple, ast.Set))
        if role is None and is_one and "default" in last.lower():
            role = "default"
        if not is_one and PARTS.search(last) and has_globs(node.value):
            # families have a star there: what has none is a whole name
            around = Seen(last, 0.5, "option", "constant", f"{last} = ...")
            self.expression(node.value, around, scope)
            return
        if not is_one and PARTS.search(last):
            is_start = "prefix" in last.lower()
            whole = whole_names(getattr(node.value, "elts", ())) if is_start else []
            for one in whole if len(whole) > 1 or strength or "model" in last.lower() else ():
                # a name that is whole stands for itself, though others begin with it
                told = Seen(last, 0.5, "option", "constant", f"{last} = ...")
                self.sink(told, scope, value_of(one))
            self.push([node.value], Seen(skip=NEVER), scope)
            return
        if _adds_to(value_of(node.value), name or ""):
            around = NOWHERE
        elif last in self.vocabulary.nothing_keywords and not strength:
            # what a call makes says nothing about what it is given
            around = NOWHERE if isinstance(node.value, ast.Call) else Seen(skip=NEVER)
            if last in OUTPUTS:
                self.sink(Seen(rule="output"), scope, value_of(node.value), node.lineno)
        elif seen.rule == "enum" and not strength and seen.strength:
            around = seen._replace(evidence=f"class {seen.key}", role=role)
        else:
            rule = seen.rule if in_class else "constant"
            around = Seen(
                key=last,
                strength=strength,
                role=role,
                rule=rule,
                evidence=f"{last} = ...",
                more=seen.more if in_class else {},
            )
        self.expression(node.value, around, scope)

    def _target(self, target: ast.expr, value: ast.expr, scope: str) -> None:
        if isinstance(target, ast.Name):
            held = value_of(value)
            if not _adds_to(held, target.id):
                self.bind(target.id, held, scope, scope)
        elif isinstance(target, ast.Attribute):
            name = dotted(target) or ""
            if _adds_to(value_of(value), name):
                return
            owner, _, attribute = name.rpartition(".")
            if owner in ("self", "cls"):
                self.bind(attribute, value_of(value), scope, scope.rpartition(".")[0])
            elif owner:
                self.bind(name, value_of(value), scope, "")
        elif isinstance(target, ast.Subscript):
            base, key = dotted(target.value), text_of(target.slice)
            if key is not None and base in ("os.environ", "environ"):
                self.variables[key] = value_of(value)
        elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            for one, item in zip(target.elts, value.elts, strict=False):
                self._target(one, item, scope)

    def _for(self, node: Any, seen: Seen, scope: str) -> None:
        self._loop(node.target, node.iter, scope)
        name = dotted(node.target) if isinstance(node.target, ast.Name) else ""
        self.keyed(name or "", node.iter, scope, role="option", rule="loop")
        if isinstance(node, ast.comprehension):
            self.push(node.ifs, NOWHERE, scope)
        else:
            self.push((*node.body, *node.orelse), seen, scope)

    def _loop(self, target: ast.expr, over: ast.expr, scope: str) -> None:
        """Bind the names of a loop to the items that it goes over."""
        parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        is_call = isinstance(over, ast.Call)
        name = (dotted(over.func) or "").rpartition(".")[2] if isinstance(over, ast.Call) else ""
        values: list[Value] = []
        if is_call and name == "items" and isinstance(over, ast.Call) and len(parts) == 2:
            held = value_of(over.func.value) if isinstance(over.func, ast.Attribute) else None
            values = [["k", held], ["v", held]] if held else []
            if isinstance(parts[1], (ast.Tuple, ast.List)) and held:
                for number, part in enumerate(parts[1].elts):
                    if isinstance(part, ast.Name):
                        self.bind(part.id, ["E", number, ["v", held]], scope, scope)
        elif isinstance(over, ast.Call) and name == "enumerate" and len(parts) == 2 and over.args:
            if isinstance(parts[1], (ast.Tuple, ast.List)):
                self._loop(parts[1], over.args[0], scope)
                return
            values = [None, ["v", value_of(over.args[0])]]
        elif isinstance(over, ast.Call) and name == "zip":
            values = [["v", value_of(item)] for item in over.args]
        elif len(parts) > 1 and (held := value_of(over)):
            values = [["E", number, ["v", held]] for number in range(len(parts))]
        elif held := value_of(over):
            values = [["v", held]]
        for part, value in zip(parts, values, strict=False):
            if isinstance(part, ast.Name) and value is not None and value[-1] is not None:
                self.bind(part.id, value, scope, scope)

    def _with(self, node: Any, seen: Seen, scope: str) -> None:
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                self.bind(item.optional_vars.id, value_of(item.context_expr), scope, scope)
            self.push([item.context_expr], NOWHERE, scope)
        self.push(node.body, seen, scope)

    def _return(self, node: ast.Return, seen: Seen, scope: str) -> None:
        if node.value is None:
            return
        known = self.functions.get(scope)
        value = value_of(node.value)
        if known is not None and value is not None and len(known["r"]) < ALTERNATIVES:
            known["r"].append(value)
        if seen.rule == "function":
            seen = seen._replace(evidence=f"{seen.key}() returns it")
            self.expression(node.value, seen, scope)
        else:
            self.push([node.value], NOWHERE, scope)

    def _statement(self, node: ast.Expr, seen: Seen, scope: str) -> None:
        if text_of(node.value) is None:
            self.push([node.value], NOWHERE, scope)
        else:  # a string by itself is a comment
            self.docstrings.append(node.value)

    def _raise(self, node: ast.Raise, seen: Seen, scope: str) -> None:
        self.note(node.exc)
        self.push([node.exc, node.cause], Seen(skip=NEVER), scope)

    def _assert(self, node: ast.Assert, seen: Seen, scope: str) -> None:
        self.note(node.msg)
        self.push([node.test], NOWHERE, scope)

    def _case(self, node: ast.match_case, seen: Seen, scope: str) -> None:
        around = Seen(role="option", rule="comparison")
        self.push([node.pattern], around, scope)
        self.push([node.guard, *node.body], seen, scope)

    def _named(self, node: ast.NamedExpr, seen: Seen, scope: str) -> None:
        self._target(node.target, node.value, scope)
        self.keyed(node.target.id, node.value, scope)


def _is_choice(bases: list[str]) -> bool:
    """Whether a class with these bases is an enumeration."""
    return any("Enum" in base or base.endswith("Choices") for base in bases)


def _names_itself(body: list[ast.stmt]) -> bool:
    """Whether most members of an enumeration are their own names in other letters, and no model."""
    members = [
        (item.targets[0].id, text)
        for item in body[:400]
        if isinstance(item, ast.Assign)
        and isinstance(item.targets[0], ast.Name)
        and (text := text_of(item.value)) is not None
    ]
    same = sum(_NO_LETTER.sub("", n).lower() == _NO_LETTER.sub("", t).lower() for n, t in members)
    if len(members) < 4 or 2 * same <= len(members):
        return False
    return not any((found := classify(text)) and found.confidence >= SURE for _, text in members)


def _adds_to(value: Value, name: str) -> bool:
    """Whether a string is made of what the same name held before: no new name by itself."""
    return value is not None and value[0] == "+" and ["n", name] in value[3:]


def _imports(tree: ast.Module) -> Iterator[ast.stmt]:
    """Every import, also in functions and under conditions."""
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            held = getattr(node, name, None)
            if isinstance(held, list):
                for item in reversed(held):
                    if isinstance(item, (ast.Import, ast.ImportFrom)):
                        yield item
                    else:
                        stack.append(item)


def _serves(decorator: ast.expr) -> bool:
    """Whether a function answers at an address of OpenAI's interface: the names are its own."""
    if not isinstance(decorator, ast.Call) or not decorator.args:
        return False
    return _INTERFACE.search(text_of(decorator.args[0]) or "") is not None


def _annotation(node: ast.expr | None) -> str | None:
    """The class that an annotation names, where it names one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if node.value.isidentifier() else None
    if isinstance(node, ast.Subscript):
        return _annotation(node.slice)
    if isinstance(node, ast.BinOp):
        return _annotation(node.left)
    return dotted(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
