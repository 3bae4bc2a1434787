"""MLPerf results: which accelerators and software vendors submit to the benchmark, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.errors import UnreadableError
from underlay.sources.base import (
    OBSERVED_ON,
    SNAPSHOT,
    Request,
    Snapshot,
    Terms,
    fit,
    read_json,
    skipped_rows,
)
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["MlPerf"]

RESULT = Table(
    name="raw_mlperf__result",
    doc="One row per result of a round: a system, a benchmark, and for inference a scenario."
    " `observed_on` is the day on which the round was published.",
    # nothing in the older files tells two runs of one submitter on one benchmark apart
    key=("observed_on", "suite", "round", "row_number"),
    columns=(
        OBSERVED_ON,
        Column("suite", "string", "`inference`, `training` or `tiny` (microcontrollers)", True),
        Column("round", "string", "version of the round, without a `v`", True),
        Column("row_number", "int32", "place in the file, from 1", True),
        Column("submitter", "string", "who submitted, as written", True),
        Column("division", "string", "`closed` or `open`; null in older rounds of training"),
        Column("path_division", "string", "division that the path of the result names, if any"),
        Column("category", "string", "`datacenter`, `edge` or both, for inference"),
        Column("availability", "string", "whether the system can be bought, as written"),
        Column("system_id", "string", "the submitter's short name of system and software"),
        Column("system", "string", "system as written"),
        Column("nodes_count", "int64", "machines"),
        Column("accelerator", "string", "accelerator as written; null for `N/A` and `-`"),
        Column("accelerator_vendor", "string", "vendor by the file's maker; not reliable"),
        Column(
            "accelerators_per_node_count",
            "int64",
            "accelerators of one machine: the header leaves open whether it is one or all, the"
            " systems' names with several machines show that it is one",
        ),
        Column("processor", "string", "processor as written"),
        Column("benchmark", "string", "model that was run, as the submitter names it"),
        Column("benchmark_model", "string", "model of the benchmark, in the publisher's files"),
        Column("path_task", "string", "task that the path of the result names, if any"),
        Column("scenario", "string", "`Offline`, `Server` ..., for inference"),
        Column("result", "float64", "in `units`; null where the file holds none"),
        Column("units", "string", "`Samples/s`, `Tokens/s`, `Latency (ms)`, `min.`, `Watts` ..."),
        Column("runs_count", "int64", "runs of a training result"),
        Column("software", "string", "software as written"),
        Column("software_stack", "string", "further software as written, often as JSON"),
        Column("weight_format", "string", "number format of the weights, as written"),
        Column("path", "string", "path of the result in the publisher's repository"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("result not negative", "result", lowest=0),
        Check("known suite", "suite", one_of=("inference", "training", "tiny")),
    ),
)

# Days of MLCommons' announcements; the files hold none. Rounds of Tiny came with another suite's.
_PUBLISHED = {
    ("inference", "2.0"): "2022-04-06",
    ("inference", "2.1"): "2022-09-08",
    ("inference", "3.0"): "2023-04-05",
    ("inference", "3.1"): "2023-09-11",
    ("inference", "4.0"): "2024-03-27",
    ("inference", "4.1"): "2024-08-28",
    ("inference", "5.0"): "2025-04-02",
    ("inference", "5.1"): "2025-09-09",
    ("training", "1.0"): "2021-06-30",
    ("training", "1.1"): "2021-12-01",
    ("training", "2.0"): "2022-06-29",
    ("training", "2.1"): "2022-11-09",
    ("training", "3.0"): "2023-06-27",
    ("training", "5.0"): "2025-06-04",
    ("training", "5.1"): "2025-11-12",
    ("tiny", "0.7"): "2022-04-06",
    ("tiny", "1.0"): "2022-11-09",
    ("tiny", "1.1"): "2023-06-27",
}

_ALL_SUITES = {
    "suite": "suite",
    "round": "round",
    "submitter": "submitter",
    "division": "division",
    "category": "category",
    "availability": "availability",
    "system_id": "platform",
    "system": "system",
    "nodes_count": "nodes",
    "accelerator": "accelerator",
    "accelerator_vendor": "accelerator_vendor",
    "accelerators_per_node_count": "accelerators_per_node_or_total",
    "processor": "processor",
    "benchmark": "benchmark",
    "scenario": "scenario",
    "result": "result",
    "units": "units",
    "software": "software",
    "weight_format": "weight_dtype",
}
_TRAINING = {
    "suite": "suite",
    "round": "round",
    "submitter": "submitter",
    "division": "division",
    "availability": "status",
    "system_id": "system_id",
    "system": "system_name",
    "nodes_count": "nodes",
    "accelerator": "accelerator",
    "accelerator_vendor": "accelerator_vendor",
    "accelerators_per_node_count": "accelerators_per_node",
    "processor": "processor",
    "benchmark": "benchmark",
    "runs_count": "n_runs",
    "software": "framework",
    "software_stack": "other_software_stack",
}
_SUMMARY = {
    "round": "version",
    "submitter": "Submitter",
    "division": "Category",
    "category": "Suite",
    "availability": "Availability",
    "system_id": "Platform",
    "system": "System",
    "nodes_count": "Nodes",
    "accelerator": "Accelerator",
    "accelerators_per_node_count": "a#",
    "processor": "Processor",
    "benchmark": "UsedModel",
    "benchmark_model": "Model",
    "scenario": "Scenario",
    "result": "Performance_Result",
    "units": "Performance_Units",
    "software": "Software",
    "weight_format": "weight_data_types",
    "path": "Location",
}
_HISTORY_FILE = "history_closed_results*.csv"
_INFERENCE_FILE = "inference_v*_results.csv"
_TRAINING_FILE = "training_v*_results.csv"
_SUMMARY_FILE = "*summary_results.json"
_DIVISIONS = ("closed", "closed-power", "open", "open-power", "network")
_NONE = ("", "-", "N/A")


class MlPerf:
    """Results of rounds of MLPerf inference, training and tiny.

    Vendors choose what they submit. The history (inference 2.0 to 4.1, training 1.0 to 3.0) is of
    the closed division by its name only: it mixes in the suite for microcontrollers with open
    results, and gives training neither division nor benchmark, while the paths of the results name
    both, the open division among them. Its power results hold no value. Training 5.1 comes
    without times. The publisher's own `summary_results.json` of an inference round is read too;
    its rows are the same, in the same order, as those of the table made from it.
    """

    name = "mlperf"
    title = "MLPerf"
    terms = Terms(
        licence="Apache-2.0",
        url="https://mlcommons.org/benchmarks/",
        may_redistribute="rows",
        conflict="Vendors, many of them members of MLCommons, choose what they submit.",
    )
    tables = (RESULT,)
    files = (_HISTORY_FILE, _INFERENCE_FILE, _TRAINING_FILE, _SUMMARY_FILE)

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one file, each dated by its round; a given day serves for unknown rounds only.

        Raises `SchemaError` for a lost column, `UnreadableError` for broken CSV or JSON.
        """
        if snapshot.matches(_SUMMARY_FILE):
            columns, odd = _summary(snapshot)
            yield from skipped_rows(snapshot.name, odd, "not an object")
        else:
            columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
            yield from skipped_rows(
                snapshot.name, ragged, "number of cells differs from the header"
            )
            if snapshot.matches(_TRAINING_FILE):
                columns = columns.select(_TRAINING)
            elif snapshot.matches(_INFERENCE_FILE):
                columns = columns.select(_ALL_SUITES | {"path": "path"})
            else:
                columns = columns.select(_ALL_SUITES | {"path": "source_path"})
                columns = columns.derive("path_division", "path", _path_division)
                columns = columns.derive("path_task", "path", _path_task)
        columns = columns.derive("suite", "suite", lambda cell: str(cell).removeprefix("mlperf-"))
        columns = columns.derive("round", "round", lambda cell: str(cell).removeprefix("v"))
        columns = columns.with_nulls_for(
            *_NONE, names=["accelerator", "accelerators_per_node_count"]
        )
        columns = columns.with_cells("row_number", range(1, len(columns) + 1))
        rounds = zip(columns.cells("suite"), columns.cells("round"), strict=True)
        given = snapshot.observed_on.isoformat() if snapshot.observed_on else None
        columns = columns.with_cells(
            "observed_on", [_PUBLISHED.get(edition, given) for edition in rounds]
        )
        yield from fit(RESULT, columns, snapshot)


def _summary(snapshot: Snapshot) -> tuple[Columns, list[tuple[int, str]]]:
    """Columns of a `summary_results.json`, and (place, text) of each entry that is no object."""
    entries = read_json(snapshot)
    if not isinstance(entries, list):
        raise UnreadableError(snapshot.name, "not a list of results")
    odd = [(n, str(entry)) for n, entry in enumerate(entries, 1) if not isinstance(entry, dict)]
    rows = [entry for entry in entries if isinstance(entry, dict)]
    present = {name for row in rows for name in row}
    names = [name for name in _SUMMARY.values() if name in present]
    columns = Columns.from_rows(rows, snapshot.name, names).select(_SUMMARY)
    columns = columns.with_nulls_for("", names=columns.names)
    return columns.with_constant("suite", "inference"), odd


def _parts(path: str) -> tuple[list[str], int]:
    """Parts of the experiment's name, and where the division stands; -1 if nowhere."""
    parts = path.split("/")[1].split("--") if path.count("/") else []
    return parts, next((n for n, part in enumerate(parts) if part in _DIVISIONS), -1)


def _path_division(path: str) -> str | None:
    parts, place = _parts(path)
    return parts[place].removesuffix("-power") if place >= 0 else None


def _path_task(path: str) -> str | None:
    parts, place = _parts(path)
    return parts[place + 1] if 0 <= place < len(parts) - 1 else None
