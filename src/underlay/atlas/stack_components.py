"""Components of the stack below models, who controls each, and what each needs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from underlay.atlas.curated import UNKNOWN
from underlay.atlas.spellings import components as packages

if TYPE_CHECKING:
    import datetime as dt
    import re
    from collections.abc import Iterable, Mapping, Sequence

    from underlay.atlas.curated import Curated
    from underlay.atlas.stack_curated import Citation, StackRules

__all__ = ["Components", "line_of", "line_patterns"]

CURATED = "curated"  # what a row's `source` says where reviewed TOML states it
# layer -> what a removal of the owner takes with it
_SCOPE = {
    "runtime": "code",
    "package": "code",
    "api": "code",
    "toolchain": "toolchain",
    "build": "code",
    "accelerator": "silicon",
    "designer": "silicon",
    "foundry": "fabrication",
    "memory": "fabrication",
    "lithography": "equipment",
    "service": "services",
}


@dataclass
class Components:
    """Rows of `core__stack_component` and `core__requires` as they come together."""

    curated: Curated
    rules: StackRules
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    needs: dict[tuple[str, str, str, str], dict[str, Any]] = field(default_factory=dict)

    def add(
        self,
        layer: str,
        name: str,
        title: str,
        organisation: str,
        reason: str,
        **more: Any,
    ) -> str:
        """Note a component; the first statement of an id stays. Returns its id."""
        identifier = f"{layer}:{name}"
        self.rows.setdefault(
            identifier,
            {
                "component_id": identifier,
                "layer": layer,
                "name": title,
                "organisation_id": organisation,
                "country": self.curated.country(organisation),
                "scope": _SCOPE[layer],
                "reason": reason,
                "source": CURATED,
                **more,
            },
        )
        return identifier

    def need(
        self,
        component: str,
        slot: str,
        provider: str,
        *,
        evidence: str,
        stated_by: str,
        path: str,
        source: str = CURATED,
        use: str = "both",
        version: str | None = None,
        first: dt.date | None = None,
        last: dt.date | None = None,
    ) -> None:
        """Note a provider of a slot; of two statements of one edge the first stays."""
        self.needs.setdefault(
            (component, slot, provider, use),
            {
                "component_id": component,
                "slot": slot,
                "provider_id": provider,
                "use": use,
                "evidence": evidence,
                "stated_by": stated_by,
                "source": source,
                "version": version,
                "path": path,
                "first_seen_on": first,
                "last_seen_on": last,
            },
        )

    def cite(self, entry: Mapping[str, Any]) -> Citation | None:
        """The citation of a curated entry, where it has one."""
        return self.rules.citations.get(entry.get("citation", ""))

    def known(self, identifier: str) -> bool:
        """Whether the component is noted."""
        return identifier in self.rows

    def add_software(self) -> None:
        """Runtimes, packages, interfaces, toolchains and services of `stack.toml`."""
        owners = {each.id: each for each in packages(self.curated)}
        for layer in ("runtime", "package", "api", "toolchain", "service"):
            for entry in self.rules.of(layer):
                index = entry.get("pypi") or entry.get("package")
                owner = owners.get(f"pypi/{index}") if index else None
                cited = self.cite(entry)
                reason = entry.get("reason") or (owner.evidence if owner else "")
                self.add(
                    layer,
                    entry["id"],
                    entry["name"],
                    owner.vendor if owner else entry["organisation"],
                    "; ".join(filter(None, (reason, cited.url if cited else ""))),
                    is_open=entry.get("is_open"),
                    licence=entry.get("licence"),
                    since_on=_day(owner.vendor_since) if owner else None,
                )
        for entry in self.rules.of("slot"):
            cited = self.cite(entry)
            for provider in entry["providers"]:
                self.need(
                    entry["component"],
                    entry["slot"],
                    provider,
                    evidence=entry.get("evidence", "documented"),
                    stated_by=entry.get("stated_by", "project"),
                    path=f"{entry.get('reason', '')}: {cited.url if cited else ''}",
                    use=entry.get("use", "both"),
                    last=cited.read_on if cited else None,
                )

    def add_silicon(self, accelerators: Iterable[Mapping[str, Any]]) -> None:
        """Product lines with designer, dies, memory and lithography, from `silicon.toml`.

        `accelerators` are rows of `core__accelerator`. A line whose products have a known foundry
        needs one of those; where none is known the provider is `unknown`.
        """
        for layer in ("foundry", "memory", "lithography"):
            for entry in self.rules.of(layer):
                cited = self.cite(entry)
                self.add(
                    layer,
                    entry["id"],
                    entry["name"],
                    entry["organisation"],
                    cited.url if cited else "",
                )
        for entry in self.rules.of("foundry"):
            self._light(f"foundry:{entry['id']}", entry["lithography"], entry)
        patterns = line_patterns(self.rules)
        products: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in accelerators:
            line = line_of(patterns, row["name"], row["organisation_id"])
            if line is not None:
                products[line].append(row)
        for entry in self.rules.of("line"):
            self._line(entry, products.get(entry["id"], ()))

    def _line(self, entry: Mapping[str, Any], products: Sequence[Mapping[str, Any]]) -> None:
        names = sorted({str(row["name"]) for row in products})
        sizes = [row["memory_bytes"] for row in products if row["memory_bytes"]]
        days = [row["released_on"] for row in products if row["released_on"]]
        cited = self.cite(entry)
        shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        reason = "; ".join(
            filter(
                None,
                (
                    f"{len(names)} products: {shown}" if names else "no product in the data",
                    entry.get("reason", ""),
                    cited.url if cited else "",
                ),
            )
        )
        line = self.add(
            "accelerator",
            entry["id"],
            entry["name"],
            entry["organisation"],
            reason,
            is_open=False,
            memory_bytes=float(max(sizes)) if sizes else None,
        )
        first = min(days) if days else None
        if entry["organisation"] != UNKNOWN:
            organisation = self.curated.organisations[entry["organisation"]]
            designer = self.add(
                "designer",
                organisation.id,
                organisation.name,
                organisation.id,
                organisation.evidence or "designs the accelerators of the data",
            )
            self.need(
                line,
                "designer",
                designer,
                evidence="documented",
                stated_by="vendor",
                path="who designed it",
                source="epoch_hardware" if products else CURATED,
                first=first,
            )
        self._dies(line, entry, products)
        self._memory(line, entry)
        self._light(line, entry["lithography"], entry)

    def _dies(
        self, line: str, entry: Mapping[str, Any], products: Sequence[Mapping[str, Any]]
    ) -> None:
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in products:
            if row["foundry_id"] != UNKNOWN:
                found[row["foundry_id"]].append(row)
        stated = f"{len(products) - sum(map(len, found.values()))} of {len(products)} not stated"
        for foundry, rows in sorted(found.items()):
            name = f"foundry:{foundry}"
            if not self.known(name):
                continue
            days = [row["released_on"] for row in rows if row["released_on"]]
            self.need(
                line,
                "dies",
                name,
                evidence="documented",
                stated_by="third-party",
                path=", ".join(sorted({row["name"] for row in rows})[:4]) + f"; {stated}",
                source="epoch_hardware",
                first=min(days) if days else None,
                last=max(row["observed_on"] for row in rows),
            )
        cited = self.cite(entry)
        for foundry in () if found else entry.get("foundries", ()):
            self.need(
                line,
                "dies",
                foundry if foundry == UNKNOWN else f"foundry:{foundry}",
                evidence=entry.get("foundry_evidence", "reported"),
                stated_by="third-party",
                path=cited.url if cited else "",
                last=cited.read_on if cited else None,
            )
        if not found and not entry.get("foundries"):
            self._unknown(line, "dies", "no source says who makes its dies")

    def _memory(self, line: str, entry: Mapping[str, Any]) -> None:
        makers = entry.get("memory_makers")
        cited = self.cite(entry)
        for maker in self.rules.of("memory"):
            if maker["kind"] != entry["memory"]:
                continue
            if makers is not None and maker["organisation"] not in makers:
                continue
            of_kind = self.cite(maker)
            self.need(
                line,
                "memory",
                f"memory:{maker['id']}",
                evidence="reported" if makers else maker.get("evidence", "reported"),
                stated_by="third-party",
                path=(cited.url if cited else "")
                if makers
                else f"any maker of {entry['memory'].upper()}, no contract of this line is known: "
                + (of_kind.url if of_kind else ""),
            )
        named = any(key[:2] == (line, "memory") for key in self.needs)
        if entry["memory"] == "sram":
            return
        if not named or (makers is not None and UNKNOWN in makers):
            self._unknown(line, "memory", "no source says who makes its memory")

    def _light(self, component: str, kind: str, entry: Mapping[str, Any]) -> None:
        found = False
        for tool in self.rules.of("lithography"):
            if tool["kind"] == kind:
                found = True
                cited = self.cite(entry) or self.cite(tool)
                of_tool = self.cite(tool)
                self.need(
                    component,
                    "lithography",
                    f"lithography:{tool['id']}",
                    evidence=tool.get("evidence", "documented"),
                    stated_by=tool.get("stated_by", "third-party"),
                    path="; ".join(
                        dict.fromkeys(each.url for each in (cited, of_tool) if each is not None)
                    ),
                )
        if not found:
            self._unknown(component, "lithography", "no source says what its process needs")

    def _unknown(self, component: str, slot: str, path: str) -> None:
        self.need(
            component,
            slot,
            UNKNOWN,
            evidence="conjecture",
            stated_by="third-party",
            path=path,
        )

    def close(self) -> None:
        """Drop edges whose component is not noted, and raise nothing: a build may be missing.

        An edge to a provider that is not noted becomes an edge to `unknown`, with the name kept.
        """
        for key, row in list(self.needs.items()):
            component, slot, provider, use = key
            if component not in self.rows:
                del self.needs[key]
            elif provider != UNKNOWN and provider not in self.rows:
                del self.needs[key]
                lost = {**row, "provider_id": UNKNOWN, "path": f"{provider}: {row['path']}"}
                self.needs.setdefault((component, slot, UNKNOWN, use), lost)


def line_patterns(rules: StackRules) -> tuple[tuple[re.Pattern[str], str, str], ...]:
    """`(pattern, line, organisation)` in file order."""
    import re

    return tuple(
        (re.compile(entry["pattern"], re.IGNORECASE), entry["id"], entry["organisation"])
        for entry in rules.of("line")
    )


def line_of(
    patterns: Sequence[tuple[re.Pattern[str], str, str]], name: str, organisation: str = ""
) -> str | None:
    """The product line of an accelerator's name, of that designer where one is given."""
    for pattern, line, owner in patterns:
        if organisation in ("", owner) and pattern.search(name):
            return line
    return None


def _day(text: str) -> dt.date | None:
    import datetime as dt

    return dt.date.fromisoformat(text) if text else None
