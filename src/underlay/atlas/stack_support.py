"""Statements that a runtime runs, or does not run, an architecture or a format."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from underlay.atlas.architectures import CLASS, MODEL_TYPE, TASKS
from underlay.atlas.curated import UNKNOWN
from underlay.atlas.stack_components import line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from underlay.atlas.architectures import Architectures, Registered
    from underlay.atlas.stack_builds import Names
    from underlay.atlas.stack_curated import StackRules
    from underlay.atlas.stack_raw import History

__all__ = [
    "ANY",
    "Classes",
    "ascend_rows",
    "benchmark_rows",
    "ci_rows",
    "document_rows",
    "engine_rows",
    "fallback_rows",
    "format_rows",
    "lmdeploy_rows",
    "operator_rows",
    "pair_rows",
    "plugin_rows",
    "sglang_ascend_rows",
    "unique_rows",
    "validated_rows",
]

ANY = "any"
# categories under which llama.cpp's converter lists what it writes without a projector
_CONVERTED = ("hf-conversion:text", "hf-conversion")
# how the lists' own words read: (status, whether it is a general path)
_STATUS = {
    "supported": ("yes", False),
    "supported-via-alias": ("yes", False),
    "supported-via-transformers": ("yes", True),
    "supported-via-AutoDeploy": ("experimental", True),
    "supported-out-of-tree": ("experimental", False),
    "removed": ("removed", False),
}
_WORDS = {
    "supported": "yes",
    "validated": "yes",
    "supported-partial": "experimental",
    "experimental": "experimental",
    "unsupported": "no",
    "unverified": "not-tested",
    "untested": "not-tested",
    "yes": "yes",
    "yes*": "experimental",
    "no": "no",
    "unknown": "not-tested",
}
# number formats behind the words of vLLM's table; kernels that serve several schemes stay out
_SCHEMES = {
    "AWQ": "awq",
    "GPTQ": "gptq",
    "llm-compressor INT8 (W8A8)": "int8",
    "llm-compressor FP8 (W8A8)": "fp8",
    "bitsandbytes": "bitsandbytes",
    "GGUF": "gguf",
}
_PRECISIONS = (
    (re.compile(r"^(FP16/BF16|BF/FP16|FP16)\b"), ANY),
    (re.compile(r"^W4A16"), "awq"),
    (re.compile(r"^W8A8"), "int8"),
)
_ASCEND_LINES = (
    (re.compile(r"950"), "huawei-ascend-950"),
    (re.compile(r"300I"), "huawei-ascend-310"),
    (re.compile(r"\bA3\b"), "huawei-ascend-910c"),
    (re.compile(r"\bA2\b"), "huawei-ascend-910b"),
)
_ASCEND_LABELS = (
    (re.compile(r"^a5\b", re.IGNORECASE), "huawei-ascend-950"),
    (re.compile(r"^a3\b", re.IGNORECASE), "huawei-ascend-910c"),
    (re.compile(r"^a2\b", re.IGNORECASE), "huawei-ascend-910b"),
    (re.compile(r"^310p", re.IGNORECASE), "huawei-ascend-310"),
)
_OWNERS = {"cuda": "nvidia", "rocm": "amd"}


class Classes:
    """Finds the classes that a document's name of a model or family means."""

    def __init__(
        self,
        architectures: Architectures,
        rules: StackRules,
        of_model: Callable[[str], str],
    ) -> None:
        self.architectures = architectures
        self._of_model = of_model
        self._families = {
            written.casefold(): tuple(entry["classes"])
            for entry in rules.of("family")
            for written in entry["written"]
        }

    def of(self, written: str, stated: str = "", sizes: str = "") -> tuple[str, ...]:
        """Classes of a Hub id or a family's name; `unknown` where nothing is known.

        A Hub id's own class goes before the one that a page states: pages shorten them. `sizes`
        are what the page puts beside the name, for families whose sizes differ in class.
        """
        if "/" in written:
            found = self._of_model(written)
            if found != UNKNOWN:
                return (found,)
        family = self._families.get(f"{written} {sizes}".casefold())
        family = family or self._families.get(written.casefold())
        if family:
            return tuple(self.architectures.canonical(name) for name in family)
        if stated:
            known = self.architectures.of_class(stated)
            if known != UNKNOWN:
                return (known,)
        if "/" not in written and not stated:
            return self.architectures.generative_of(written) or (UNKNOWN,)
        return (UNKNOWN,)

    def of_code(self, written: str) -> tuple[str, ...]:
        """Classes of a folder of model code or an entry of a list: a class, or a model type."""
        known = self.architectures.of_class(written)
        if known != UNKNOWN:
            return (known,)
        return self.architectures.generative_of(written)


def _row(
    runtime: str,
    architecture: str,
    status: str,
    *,
    source: str,
    evidence: str,
    stated_by: str,
    path: str,
    backend: str = ANY,
    weight_format: str = ANY,
    line: str = ANY,
    use: str = "inference",
    is_fallback: bool = False,
    version: str = UNKNOWN,
    first: Any = None,
    last: Any = None,
    sha: str | None = None,
) -> dict[str, Any]:
    return {
        "runtime_id": runtime if runtime in (ANY, UNKNOWN) else f"runtime:{runtime}",
        "backend_id": backend if backend in (ANY, UNKNOWN) else f"toolchain:{backend}",
        "architecture_id": architecture,
        "weight_format": weight_format,
        "accelerator_id": line if line in (ANY, UNKNOWN) else f"accelerator:{line}",
        "use": use,
        "status": status,
        "is_fallback": is_fallback,
        "evidence": evidence,
        "stated_by": stated_by,
        "source": source,
        "version": version,
        "path": path,
        "first_seen_on": first,
        "last_seen_on": last,
        "snapshot_sha256": sha,
    }


def pair_rows(
    lines: Sequence[Registered],
    architectures: Architectures,
    past: Mapping[str, History],
    rules: StackRules,
) -> Iterator[dict[str, Any]]:
    """Architecture and runtime, from the runtime's own list at its newest release, and before.

    A class has a row for the newest release that lists it and one for the oldest that was read, so
    that a build of an older release finds what that release held. A class that a release dropped
    has a row `removed` with the first release that was read without it.
    """
    uses = {entry["id"]: entry.get("use", "inference") for entry in rules.of("runtime")}
    projectors = {
        (line.runtime, architectures.canonical(line.name))
        for line in lines
        if line.category == "hf-conversion:multimodal-projector"
    }
    current: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        status, is_fallback = _STATUS.get(line.status, ("yes", False))
        names, is_vague = _classes_of_line(line, architectures)
        for name in names:
            reads_part = line.runtime == "mlx-lm" or line.category in _CONVERTED
            path = line.path or line.category
            if name == UNKNOWN:
                path += f": {line.name}"
            stands = "experimental" if is_vague and status == "yes" else status
            is_whole = (line.runtime, name) in projectors
            if reads_part and architectures.text_part(name) and not is_whole:
                stands = "experimental" if stands == "yes" else stands
                path += " (text part)"
            span = past[line.runtime].span(name) if line.runtime in past else None
            first = line.first_seen_on or (span[1] if span else None)
            if stands != "removed":
                current[line.runtime].add(name)
            same = {
                "source": line.source,
                "evidence": "packaged" if line.runtime != "tensorrt-llm" else "documented",
                "stated_by": "project",
                "use": uses.get(line.runtime, "inference"),
            }
            yield _row(
                line.runtime,
                name,
                stands,
                path=path,
                is_fallback=is_fallback,
                version=line.version,
                first=first if stands != "removed" else None,
                last=line.last_seen_on,
                sha=line.snapshot_sha256,
                **same,
            )
            if span and stands in ("yes", "experimental") and span[0] != line.version:
                yield _row(
                    line.runtime,
                    name,
                    stands,
                    path=f"oldest release read with it; {path}",
                    is_fallback=is_fallback,
                    version=span[0],
                    first=span[1],
                    last=span[3],
                    **{**same, "source": "support_matrix"},
                )
    for runtime, history in sorted(past.items()):
        if not history.days:
            continue
        for name in sorted(set().union(*history.classes.values()) - current[runtime]):
            span = history.span(name)
            dropped = history.after(span[2]) if span else None
            if span is None or dropped is None:
                continue
            same = {
                "source": "support_matrix",
                "evidence": "packaged",
                "stated_by": "project",
                "use": uses.get(runtime, "inference"),
            }
            yield _row(
                runtime, name, "yes", path="oldest release read with it", version=span[0],
                first=span[1], last=span[3], **same,
            )  # fmt: skip
            yield _row(
                runtime, name, "removed", path=f"last release read with it: {span[2]}",
                version=dropped, first=history.days[dropped], **same,
            )  # fmt: skip


def _classes_of_line(
    line: Registered, architectures: Architectures
) -> tuple[tuple[str, ...], bool]:
    """Classes that a line of a list means, and whether it leaves open which heads.

    A name in GGUF files stands for several classes, which the converter lists one by one.
    """
    if line.kind == CLASS:
        return (architectures.canonical(line.name),), False
    if line.kind != MODEL_TYPE:
        return (), False
    if line.runtime in ("mlx-lm", "mlx-vlm"):
        # they write; a classifier of the same type is another class. A type that no list of
        # classes has stays as unknown
        writing = architectures.generative_of(line.name)
        seeing = tuple(name for name in writing if architectures.text_part(name))
        return ((line.runtime == "mlx-vlm" and seeing) or writing or (UNKNOWN,)), False
    # exporters list a type once a task
    task = line.category.removesuffix("-with-past")
    if task == "model":
        return architectures.generative_of(line.name), True
    found, _ = architectures.resolve(line.name, task, "other")
    return ((found,) if found != UNKNOWN and task in TASKS else ()), False


def fallback_rows(
    flags: Iterable[Mapping[str, Any]],
    lines: Sequence[Registered],
    architectures: Architectures,
    rules: StackRules,
) -> Iterator[dict[str, Any]]:
    """Classes that a server runs through Transformers' own code, since they take its attention.

    A server has that path if its list has a class named after Transformers, or its documents say
    so. It serves what Transformers lists as causal or multimodal and whose code takes any
    attention kernel.
    """
    servers: dict[str, tuple[str, str, Any]] = {}
    native: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.kind != CLASS or line.runtime == "transformers":
            continue
        native[line.runtime].add(architectures.canonical(line.name))
        if line.name.startswith("Transformers"):
            servers.setdefault(line.runtime, (line.path, line.version, line.last_seen_on))
    for entry in rules.of("runtime"):
        cited = rules.citations.get(entry.get("fallback", ""))
        if cited is not None and entry["id"] in native:
            servers.setdefault(entry["id"], (cited.url, UNKNOWN, cited.read_on))
    for row in flags:
        if not row["has_attention_backend"]:
            continue
        for name in architectures.classes_of(row["model_dir"]):
            if architectures.classes[name].head not in ("causal-lm", "multimodal"):
                continue
            for runtime, (place, version, last) in sorted(servers.items()):
                if name in native[runtime]:
                    continue
                yield _row(
                    runtime,
                    name,
                    "yes",
                    source="support_matrix",
                    evidence="documented",
                    stated_by="project",
                    path=f"{place} over {row['path']}: takes any attention kernel",
                    is_fallback=True,
                    version=version,
                    last=last,
                    sha=row["snapshot_sha256"],
                )


def engine_rows(
    lines: Sequence[Registered], architectures: Architectures, rules: StackRules
) -> Iterator[dict[str, Any]]:
    """What a runtime runs since it is built over another one: that one's list, as a general path.

    It pins a release of its engine that is not read here, so nothing of this is its own word.
    """
    for entry in rules.of("runtime"):
        cited = rules.citations.get(entry.get("engine_citation", ""))
        if cited is None:
            continue
        engine = entry["engine"]
        held = {
            architectures.canonical(line.name)
            for line in lines
            if line.runtime == engine and line.kind == CLASS and line.status == "supported"
        }
        for name in sorted(held):
            yield _row(
                entry["id"],
                name,
                "yes",
                source="curated",
                evidence="documented",
                stated_by="third-party",
                path=f"built over {engine}: {cited.url}",
                is_fallback=True,
                last=cited.read_on,
            )


def plugin_rows(
    packages: Iterable[Mapping[str, Any]], names: Names, architectures: Architectures
) -> Iterator[dict[str, Any]]:
    """Architecture, runtime and backend, from the lists of plug-ins that have their own."""
    for row in packages:
        plugin = names.plugins.get(row["runtime"])
        if plugin is None or row["id_kind"] not in (CLASS, MODEL_TYPE):
            continue
        runtime, backend = plugin
        found = (
            (architectures.canonical(row["architecture"]),)
            if row["id_kind"] == CLASS
            else architectures.classes_of(row["architecture"])
        )
        status, is_fallback = _STATUS.get(row["status"], ("yes", False))
        for name in found:
            yield _row(
                runtime,
                name,
                status,
                backend=backend,
                source="packages",
                evidence="packaged",
                stated_by=names.speaker(runtime, backend),
                path=f"{row['path']}::{row['registry']}",
                is_fallback=is_fallback,
                version=row["version"],
                last=row["observed_on"],
                sha=row["snapshot_sha256"],
            )


def ascend_rows(
    rows: Iterable[Mapping[str, Any]],
    seen: Iterable[Mapping[str, Any]],
    classes: Classes,
) -> Iterator[dict[str, Any]]:
    """vllm-ascend's table of models; Huawei speaks of its own chips there."""
    first: dict[tuple[str, str], Any] = {}
    for row in seen:
        key = row["model_family"], row["status"] or ""
        first[key] = min(row["first_seen_on"], first.get(key, row["first_seen_on"]))
    for row in rows:
        hardware = row["hardware"] or row["tab"] or ""
        lines = [line for pattern, line in _ASCEND_LINES if pattern.search(hardware)] or [ANY]
        for name in classes.of(row["model_family"]):
            for line in lines:
                yield _row(
                    "vllm",
                    name,
                    _WORDS[row["status"]],
                    backend="cann",
                    line=line,
                    source="support_matrix",
                    evidence="documented",
                    stated_by="vendor",
                    path=f"{row['path']}: {row['model_family']}, {row['section']}",
                    first=first.get((row["model_family"], row["status"])),
                    last=row["observed_on"],
                    sha=row["snapshot_sha256"],
                )


def sglang_ascend_rows(
    rows: Iterable[Mapping[str, Any]], classes: Classes
) -> Iterator[dict[str, Any]]:
    """SGLang's page of models on Ascend, which the vendor keeps; it knows only ticks."""
    for row in rows:
        lines = [line for pattern, line in _ASCEND_LINES if pattern.search(row["product"])]
        for name in classes.of(row["model"]):
            yield _row(
                "sglang",
                name,
                _WORDS[row["status"]],
                backend="cann",
                line=lines[0] if lines else ANY,
                source="support_matrix",
                evidence="documented",
                stated_by="vendor",
                path=f"{row['path']}: {row['model']}",
                last=row["observed_on"],
                sha=row["snapshot_sha256"],
            )


def lmdeploy_rows(
    rows: Iterable[Mapping[str, Any]], names: Names, classes: Classes
) -> Iterator[dict[str, Any]]:
    """LMDeploy's tables by engine, device and precision; what only the cache has is left out."""
    for row in rows:
        runtime = names.runtime(row["engine"])
        backend = names.toolchain(row["backend"], runtime or "")
        scheme = next((found for rule, found in _PRECISIONS if rule.search(row["precision"])), None)
        if runtime is None or backend is None or scheme is None:
            continue
        lines = [line for pattern, line in _ASCEND_LINES if pattern.search(row["device"])]
        for name in classes.of(row["model"], sizes=row["size"]):
            yield _row(
                runtime,
                name,
                _WORDS[row["status"]],
                backend=backend,
                weight_format=scheme,
                line=lines[0] if lines else ANY,
                source="support_matrix",
                evidence="documented",
                stated_by="project",
                path=f"{row['path']}: {row['model']} {row['size']}, {row['precision']}",
                last=row["observed_on"],
                sha=row["snapshot_sha256"],
            )


def validated_rows(
    rows: Iterable[Mapping[str, Any]], names: Names, classes: Classes
) -> Iterator[dict[str, Any]]:
    """Models that vLLM's documents call validated on processors and Intel's graphics chips."""
    for row in rows:
        runtime = names.runtime(row["runtime"])
        backend = names.toolchain(row["backend"], runtime or "")
        if runtime is None or backend is None:
            continue
        for name in classes.of(row["model"], row["architecture"]):
            yield _row(
                runtime,
                name,
                _WORDS[row["status"]],
                backend=backend,
                source="support_matrix",
                evidence="documented",
                stated_by="project",
                path=f"{row['section']}: {row['model']}",
                version=row["version"],
                last=row["observed_on"],
                sha=row["snapshot_sha256"],
            )


def ci_rows(
    rows: Iterable[Mapping[str, Any]],
    names: Names,
    classes: Classes,
    patterns: Sequence[tuple[re.Pattern[str], str, str]] = (),
) -> Iterator[dict[str, Any]]:
    """Models that a project's own tests run on a backend, one row a class, line and release.

    The path counts the jobs and names one: one that blocks a change, where there is such a one.
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    jobs: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in sorted(rows, key=lambda row: (row["is_blocking"] is False, row["job"])):
        runtime, backend = _where(row, names)
        if runtime is None or backend is None:
            continue
        if row["architecture"] is None and row["model_id"] is None:
            continue  # it tests kernels or the engine
        line = _line_of_label(row["hardware"], backend, patterns)
        for name in classes.of(row["model_id"] or "", row["architecture"] or ""):
            key = (runtime, backend, name, line, row["version"])
            jobs[key].add(row["job"])
            if key in found:
                continue
            # a test that may fail and stop nothing is a trial
            is_loose = row["is_blocking"] is False
            blocking = ", may fail" if is_loose else ""
            found[key] = _row(
                runtime,
                name,
                "experimental" if is_loose else "yes",
                backend=backend,
                line=line,
                source="packages",
                evidence="ci",
                stated_by=names.speaker(runtime, backend),
                path=f"{row['path']}: {row['job']}{blocking}, {row['model_id'] or name}",
                version=row["version"],
                last=row["observed_on"],
                sha=row["snapshot_sha256"],
            )
    for which, row in sorted(found.items()):
        row["path"] = f"{len(jobs[which])} jobs; {row['path']}"
        yield row


def _line_of_label(
    label: str | None, backend: str, patterns: Sequence[tuple[re.Pattern[str], str, str]]
) -> str:
    """The product line of a test machine's label, as in `mi355_8` or `a3-560t`."""
    if not label:
        return ANY
    if backend == "cann":
        found = [line for rule, line in _ASCEND_LABELS if rule.search(label)]
        return found[0] if found else ANY
    owner = _OWNERS.get(backend)
    text = re.sub(r"[_-]", " ", label)
    found_line = line_of(patterns, re.sub(r"\bmi(\d{3})\b", r"MI\1X", text), owner or "")
    return found_line if owner and found_line else ANY


def document_rows(
    rows: Iterable[Mapping[str, Any]], names: Names, classes: Classes
) -> Iterator[dict[str, Any]]:
    """Models that documents inside packages name for a backend."""
    for row in rows:
        if row["kind"] == "example":
            continue
        runtime, backend = _where(row, names)
        if runtime is None or backend is None:
            continue
        status = _statement(row["statement"], bool(row["feature"]))
        found = classes.of_code(row["model"]) if row["kind"] == "code" else ()
        found = found or classes.of(row["model"], row["architecture"] or "")
        if found == (UNKNOWN,):
            found = classes.of_code(row["model"]) or found
        is_training = (row["feature"] or "").lower().startswith("train")
        for name in found:
            yield _row(
                runtime,
                name,
                status,
                backend=backend,
                use="training" if is_training else "inference",
                source="packages",
                evidence="packaged" if row["kind"] in ("code", "configuration") else "documented",
                stated_by=names.speaker(runtime, backend),
                path=f"{row['path']}: {row['model']}"
                + (f", {row['feature']}" if row["feature"] else ""),
                version=row["version"],
                last=row["observed_on"],
                sha=row["snapshot_sha256"],
            )


_NO = re.compile(r"^(no\b|❌|✗|x$|unsupported|not supported)", re.IGNORECASE)
_UNTESTED = re.compile(r"(untested|unverified|todo|tbd|^-+$|^\?$|n/?a$|❓|🟡)", re.IGNORECASE)
# a test that fails today is no statement that a model can't run
_TRIAL = re.compile(r"(experimental|beta|partial|preview|failing|🔵|🟠|🚧|⚠)", re.IGNORECASE)


def _statement(text: str | None, is_column: bool) -> str:
    """What a document's cell says. A precision says yes, an empty cell of a column nothing."""
    cell = (text or "").strip()
    if not cell:
        return "not-tested" if is_column else "yes"
    if _TRIAL.search(cell):
        return "experimental"
    if _UNTESTED.search(cell):
        return "not-tested"
    return "no" if _NO.search(cell) else "yes"


def _where(row: Mapping[str, Any], names: Names) -> tuple[str | None, str | None]:
    plugin = names.plugins.get(row["runtime"])
    if plugin is not None:
        return plugin
    runtime = names.runtime(row["runtime"])
    return runtime, names.toolchain(row["backend"], runtime or "")


def benchmark_rows(
    rows: Iterable[Mapping[str, Any]],
    rules: StackRules,
    patterns: Sequence[tuple[re.Pattern[str], str, str]],
    designer_of: Callable[[str], str],
    submitter_of: Callable[[str], str],
    classes: Classes,
) -> Iterator[dict[str, Any]]:
    """Results of MLPerf as measured statements, one row a round, model, software and chip."""
    models = {entry["written"]: entry["architecture"] for entry in rules.of("benchmark")}
    software = [
        (re.compile(entry["pattern"], re.IGNORECASE), entry["runtime"], entry["toolchain"])
        for entry in rules.of("software")
    ]
    drives = {entry["id"]: entry["toolchains"] for entry in rules.of("line")}
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    for row in rows:
        model = models.get(row["benchmark"] or "")
        if model is None or not row["result"] or row["suite"] not in ("inference", "training"):
            continue
        chip = row["accelerator"] or ""
        designer = designer_of(chip) if chip else UNKNOWN
        line = line_of(patterns, chip, designer if designer != UNKNOWN else "") or UNKNOWN
        text = " ".join(filter(None, (row["software"], row["software_stack"])))
        runtime = next((name for rule, name, _ in software if name and rule.search(text)), UNKNOWN)
        toolchain = next((name for rule, _, name in software if name and rule.search(text)), "")
        own = drives.get(line, [])
        if toolchain not in own:
            # a chip that one toolchain drives tells it, whatever the text leaves out
            toolchain = own[0] if len(own) == 1 or own[:1] in (["cuda"], ["rocm"]) else UNKNOWN
        by = "vendor" if submitter_of(row["submitter"]) == designer else "third-party"
        for name in classes.of("", model):
            key = (runtime, toolchain, name, line, row["suite"], str(row["round"]), by)
            counts[key] += 1
            known = found.get(key)
            if known is None:
                found[key] = _row(
                    runtime,
                    name,
                    "yes",
                    backend=toolchain,
                    line=line,
                    use=row["suite"],
                    source="mlperf",
                    evidence="measured",
                    stated_by=by,
                    path=f"{row['benchmark']}, {row['submitter']}, {text[:60]}",
                    version=str(row["round"]),
                    first=row["observed_on"],
                    last=row["observed_on"],
                    sha=row["snapshot_sha256"],
                )
    for which, row in sorted(found.items()):
        row["path"] = f"{counts[which]} results; {row['path']}"
        yield row


def format_rows(
    features: Iterable[Mapping[str, Any]], rules: StackRules, names: Names
) -> Iterator[dict[str, Any]]:
    """Formats by runtime, and number formats by runtime and hardware."""
    for entry in rules.of("format"):
        cited = rules.citations[entry["citation"]]
        yield _row(
            entry["runtime"],
            ANY,
            entry.get("status", "yes"),
            backend=entry.get("toolchain", ANY),
            weight_format=entry["format"],
            use=entry.get("use", "inference"),
            source="curated",
            evidence=entry.get("evidence", "documented"),
            stated_by="project",
            path=cited.url,
            last=cited.read_on,
        )
    hardware: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in rules.of("hardware"):
        hardware[entry["written"]].append(entry)
    for row in features:
        scheme = _SCHEMES.get(row["item"])
        runtime = names.runtime(row["runtime"])
        if row["kind"] != "implementation" or scheme is None or runtime is None:
            continue
        for entry in hardware.get(row["hardware"], ()):
            for line in entry.get("lines", ()) or (entry.get("line") or ANY,):
                yield _row(
                    runtime,
                    ANY,
                    _WORDS[row["support"]],
                    backend=entry["toolchain"],
                    weight_format=scheme,
                    line=line,
                    source="support_matrix",
                    evidence="documented",
                    stated_by="project",
                    path=f"{row['path']}: {row['item']} on {row['hardware']}",
                    version=row["version"],
                    last=row["observed_on"],
                    sha=row["snapshot_sha256"],
                )


def operator_rows(rows: Iterable[Mapping[str, Any]], names: Names) -> Iterator[dict[str, Any]]:
    """llama.cpp's operator tables: how much of a GGUF graph each backend says that it runs.

    Not about any architecture. A backend with less than half of the operators helps another one.
    """
    for row in rows:
        toolchain = names.toolchain(row["backend"], "llama.cpp")
        if toolchain is None:
            continue
        tested = row["operators_count"]
        full, partial = row["operators_full_count"], row["operators_partial_count"]
        yield _row(
            "llama.cpp",
            ANY,
            "yes" if full + partial >= tested / 2 else "experimental",
            backend=toolchain,
            weight_format="gguf",
            source="llama_ops",
            evidence="measured",
            stated_by="project",
            path=f"{row['backend']}: of {tested} operators {full} fully, {partial} in part",
            last=row["observed_on"],
            sha=row["snapshot_sha256"],
        )


_KEY = (
    "runtime_id", "backend_id", "architecture_id", "weight_format", "accelerator_id", "use",
    "source", "version", "path", "status",
)  # fmt: skip


def unique_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with one for each key of `core__support`: the longest span, in key order."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(str(row[name]) for name in _KEY)
        known = found.get(key)
        if known is None:
            found[key] = dict(row)
            continue
        days = [each["first_seen_on"] for each in (known, row) if each["first_seen_on"]]
        known["first_seen_on"] = min(days) if days else None
        days = [each["last_seen_on"] for each in (known, row) if each["last_seen_on"]]
        known["last_seen_on"] = max(days) if days else None
        known["is_fallback"] = known["is_fallback"] and row["is_fallback"]
    return [found[key] for key in sorted(found)]
