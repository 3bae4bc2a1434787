"""Which strings of JavaScript stand in one list, and what the fields of a form are for.

A list of names vouches for its entries: where most of them are known, the rest are names too. A
field of a form (`{ name: "model", default: NAME, options: [...] }`) says elsewhere in its object
what it holds, and beside it the form may ask for the server's address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.javascript_values import text_of
from underlay.audit.names.hosts import is_local_url
from underlay.audit.names.references import key_strength
from underlay.audit.names.sites import endpoint_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

__all__ = ["field_of", "has_settings", "lists_of"]

MOST = 200  # pairs of an object, objects of a list
# the keys of a field under which its value stands, or one that it may have
_HELD = frozenset(
    ("default", "defaultvalue", "placeholder", "initialvalue", "initial", "example", "fallback")
)
_CHOICES = frozenset(("options", "choices", "items", "enum", "values", "list", "data"))
# the keys of a field that say what it is for
_TELLING = ("name", "id", "key", "field", "param", "arg", "flag", "value", "label", "displayname",
            "title", "prop", "path")  # fmt: skip
# settings that go with the name of a language model and with little else
_SETTINGS = frozenset(
    ("temperature", "max_tokens", "maxtokens", "maxoutputtokens", "max_output_tokens", "topp",
     "top_p", "maxcompletiontokens", "max_completion_tokens", "contextlength", "context_length",
     "contextwindow", "context_window", "maxinputtokens", "systemprompt", "system_prompt",
     "frequencypenalty", "frequency_penalty", "presencepenalty", "presence_penalty",
     "maxtokenallowed", "apibase", "numctx", "num_ctx", "completionoptions", "maxcontexttokens")
)  # fmt: skip
_AROUND = frozenset(
    ("as_expression", "satisfies_expression", "parenthesized_expression", "spread_element",
     "literal_type", "non_null_expression")
)  # fmt: skip


def lists_of(node: Any) -> list[Hashable]:
    """What is the same for all entries of a list that a string is one of; several, where nested.

    Lists are arrays, an array's or a table's objects by the key, also one object further in
    (`{ a: { params: { model: NAME } } }`), the keys of a table and its values, enumerations and
    unions of types.
    """
    below, current = _past(node)
    if current is None:
        return []
    if current.type == "array":
        return [("array", current.id)]
    if current.type == "union_type":
        return [("union", current.start_byte)]  # they are nested to the left: all begin there
    if current.type == "enum_assignment" and below != current.child_by_field_name("name"):
        return [("enum", current.parent.id)]
    if current.type != "pair" or current.parent is None:
        return []
    key = current.child_by_field_name("key")
    if below == key:
        return [("keys", current.parent.id)]
    found: list[Hashable] = [("values", current.parent.id)]
    chain = text_of(key)
    inner = current.parent
    for _ in range(2):
        below, outer = _past(inner)
        if outer is not None and outer.type == "array":
            return [*found, ("entries", outer.id, chain)]
        if outer is None or outer.type != "pair" or outer.parent is None:
            return found
        found.append(("entries", outer.parent.id, chain))
        chain = f"{text_of(outer.child_by_field_name('key'))}.{chain}"
        inner = outer.parent
    return found


def _past(node: Any) -> tuple[Any, Any]:
    """A node, wrappings around it taken off, and what it stands in."""
    below, current = node, node.parent
    for _ in range(6):
        if current is None or current.type not in _AROUND:
            break
        below, current = current, current.parent
    return below, current


def field_of(scope: Any, key: str, *, is_list: bool) -> tuple[str, str | None] | None:
    """The field of a form that holds a model, and the local address that its form asks for.

    `scope` is the object that the string stands in, `key` the string's own. None where it is no
    field's value, or the field is for something else.
    """
    if scope is None:
        return None
    low = key.lower()
    owner = scope
    if low not in _HELD and not (is_list and low in _CHOICES):
        if low not in ("value", "id", "name"):
            return None
        owner = _asking(scope)
        if owner is None:
            return None
    told = next((text for text in _told(owner) if key_strength(text) > 0), None)
    return (told, _asked(owner)) if told else None


def has_settings(scope: Any) -> bool:
    """Whether an object also holds what only a language model is set to."""
    return scope is not None and any(key in _SETTINGS for key, _ in _pairs(scope))


def _pairs(scope: Any) -> Iterator[tuple[str, Any]]:
    for child in scope.named_children[:MOST]:
        if child.type == "pair":
            key = text_of(child.child_by_field_name("key")).strip("\"'").lower()
            yield key, child.child_by_field_name("value")


def _told(owner: Any) -> Iterator[str]:
    """What the object of a field says of itself."""
    found = {key: value for key, value in _pairs(owner) if key in _TELLING}
    for key in _TELLING:
        value = found.get(key)
        if value is not None and value.type == "string" and len(value.text) < 60:
            yield text_of(value)
        elif value is not None and value.type == "member_expression" and len(value.text) < 120:
            yield text_of(value).rpartition(".")[2]


def _asking(choice: Any) -> Any:
    """The object of the field among whose choices an object is; None where it is no choice."""
    _, array = _past(choice)
    if array is None or array.type != "array":
        return None
    _, pair = _past(array)
    if pair is None or pair.type != "pair":
        return None
    key = text_of(pair.child_by_field_name("key")).strip("\"'").lower()
    return pair.parent if key in _CHOICES else None


def _asked(owner: Any) -> str | None:
    """The address of a local server that a field beside this one holds."""
    _, form = _past(owner)
    if form is None or form.type != "array":
        return None
    for other in form.named_children[:MOST]:
        if other.type != "object" or other == owner:
            continue
        pairs = dict(_pairs(other))
        name = pairs.get("name") or pairs.get("id") or pairs.get("key")
        if name is None or endpoint_key(text_of(name)) is None:
            continue
        for key in _HELD:
            value = pairs.get(key)
            if value is not None and value.type == "string" and "://" in text_of(value):
                url = text_of(value)
                if is_local_url(url):
                    return url
    return None
