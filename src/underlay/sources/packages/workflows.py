"""YAML of CI systems, read as dicts, lists and texts under limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underlay.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_YAML_BYTES", "load", "walk"]

MAX_YAML_BYTES = 2 << 20
_MAX_EVENTS = 400_000
_MAX_DEPTH = 60
_MAX_MERGED = 100_000


def load(data: bytes, place: str) -> Any:
    """A YAML document of which every scalar is text; raises `UnreadableError`.

    Built from the parser's events, not by its constructors: an alias is the same object once
    more, a merge key (`<<`) adds what is missing, a tag means nothing.
    """
    import yaml

    if len(data) > MAX_YAML_BYTES:
        raise UnreadableError(place, f"YAML of more than {MAX_YAML_BYTES} bytes; not read")
    builder = _Builder(place)
    try:
        for event in yaml.parse(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.ScalarEvent):
                builder.add(event.value, event.anchor)
            elif isinstance(event, yaml.MappingStartEvent):
                builder.open({}, event.anchor)
            elif isinstance(event, yaml.SequenceStartEvent):
                builder.open([], event.anchor)
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                builder.close()
            elif isinstance(event, yaml.AliasEvent):
                builder.alias(event.anchor)
            elif isinstance(event, yaml.DocumentEndEvent):
                break
    except (yaml.YAMLError, ValueError) as error:
        reason = (str(error).splitlines() or ["broken"])[0][:80]
        raise UnreadableError(place, f"not YAML: {reason}") from error
    return builder.root


class _Builder:
    """Puts events together; a key that is no text is left out with its value."""

    def __init__(self, place: str) -> None:
        self.root: Any = None
        self._place = place
        self._open: list[Any] = []
        self._keys: list[Any] = []
        self._anchors: dict[str, Any] = {}
        self._events = 0
        self._merged = 0

    def add(self, value: Any, anchor: str | None) -> None:
        self._events += 1
        if self._events > _MAX_EVENTS:
            raise UnreadableError(self._place, f"YAML of more than {_MAX_EVENTS} nodes; not read")
        if anchor:
            self._anchors[anchor] = value
        if not self._open:
            self.root = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = (value,)
        else:
            (key,) = self._keys[-1]
            self._keys[-1] = None
            if key == "<<":
                self._merge(self._open[-1], value)
            elif isinstance(key, str):
                self._open[-1][key] = value

    def open(self, value: Any, anchor: str | None) -> None:
        self.add(value, anchor)
        if len(self._open) >= _MAX_DEPTH:
            raise UnreadableError(self._place, f"YAML nested over {_MAX_DEPTH} deep; not read")
        self._open.append(value)
        self._keys.append(None)

    def close(self) -> None:
        self._open.pop()
        self._keys.pop()

    def alias(self, anchor: str | None) -> None:
        if anchor is None or anchor not in self._anchors:
            raise UnreadableError(self._place, "not YAML: an alias of nothing")
        self.add(self._anchors[anchor], None)

    def _merge(self, into: dict[str, Any], value: Any) -> None:
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict):
                continue
            self._merged += len(one)
            if self._merged > _MAX_MERGED:
                raise UnreadableError(self._place, "YAML that merges too much; not read")
            for key, inner in one.items():
                into.setdefault(key, inner)


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a document, each once however often an alias leads to it."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict | list) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            yield one
            waiting += reversed(list(one.values()))
        else:
            waiting += reversed(one)
