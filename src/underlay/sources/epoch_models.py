"""Epoch AI's notable models: who trained them where, on what, and how open they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.errors import UnreadableError
from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.sources.epoch_cells import ticked
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["EpochModels"]

MODEL = Table(
    name="raw_epoch_models__model",
    doc="One row per notable model in one edition of the list.",
    key=("observed_on", "model"),
    columns=(
        OBSERVED_ON,
        Column("model", "string", "name as written, stray line ends included", True),
        Column("organization", "string", "makers as written, separated by commas"),
        Column("organization_category", "string", "`Industry`, `Academia` ..., one a maker"),
        Column(
            "country_of_organization",
            "string",
            "countries as written, separated by commas; one repeats (`China,China`) for each"
            " maker from it, and one maker can stand for two countries",
        ),
        Column("published_on", "date", "day of publication"),
        Column("domain", "string", "domains, separated by commas"),
        Column("task", "string", "tasks, separated by commas"),
        Column("notability_criteria", "string", "why it is in the list, separated by commas"),
        Column("is_frontier", "bool", "marked a frontier model by the publisher"),
        Column("parameters_count", "float64", "parameters, partly estimated"),
        Column("training_compute_flop", "float64", "operations in training, partly estimated"),
        Column("finetune_compute_flop", "float64", "operations to fine-tune the base model"),
        Column("training_dataset", "string", "data sets, separated by commas"),
        Column("training_dataset_size", "string", "data points as written, possibly several"),
        Column("epochs_count", "float64", "passes over the data"),
        Column("batch_size", "float64", "data points a step"),
        Column("confidence", "string", "of the figures: `Confident`, `Likely`, `Speculative` ..."),
        Column("training_hardware", "string", "accelerators as written, separated by commas"),
        Column("hardware_count", "int64", "accelerators used at once"),
        Column("hardware_utilization_mfu", "float64", "model FLOP utilisation, 0 to 1"),
        Column("hardware_utilization_hfu", "float64", "hardware FLOP utilisation, 0 to 1"),
        Column("training_time_hours", "float64", "duration of the training"),
        Column("training_power_w", "float64", "power drawn while training"),
        Column("training_cost_2023_usd", "float64", "cost of the training compute"),
        Column("numerical_format", "string", "precision of the training"),
        Column("base_model", "string", "models it was made from, separated by commas"),
        Column("model_accessibility", "string", "of the weights; null where not looked at"),
        Column("training_code_accessibility", "string", "of the code for training"),
        Column("inference_code_accessibility", "string", "of the code for running it"),
        Column("accessibility_notes", "string", "in words, often with the licence"),
        Column("citations_count", "int64", "citations of its paper"),
        Column("reference", "string", "title of its paper or announcement"),
        Column("reference_url", "string", "link to that"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("parameters not negative", "parameters_count", lowest=0),
        Check("compute not negative", "training_compute_flop", lowest=0),
        Check("utilisation is a share", "hardware_utilization_mfu", lowest=0, highest=1),
        Check("utilisation is a share", "hardware_utilization_hfu", lowest=0, highest=1),
    ),
)

_COLUMNS = {
    "model": "Model",
    "organization": "Organization",
    "organization_category": "Organization categorization",
    "country_of_organization": "Country (of organization)",
    "published_on": "Publication date",
    "domain": "Domain",
    "task": "Task",
    "notability_criteria": "Notability criteria",
    "is_frontier": "Frontier model",
    "parameters_count": "Parameters",
    "training_compute_flop": "Training compute (FLOP)",
    "finetune_compute_flop": "Finetune compute (FLOP)",
    "training_dataset": "Training dataset",
    "training_dataset_size": "Training dataset size (gradients)",
    "epochs_count": "Epochs",
    "batch_size": "Batch size",
    "confidence": "Confidence",
    "training_hardware": "Training hardware",
    "hardware_count": "Hardware quantity",
    "hardware_utilization_mfu": "Hardware utilization (MFU)",
    "hardware_utilization_hfu": "Hardware utilization (HFU)",
    "training_time_hours": "Training time (hours)",
    "training_power_w": "Training power draw (W)",
    "training_cost_2023_usd": "Training compute cost (2023 USD)",
    "numerical_format": "Numerical format",
    "base_model": "Base model",
    "model_accessibility": "Model accessibility",
    "training_code_accessibility": "Training code accessibility",
    "inference_code_accessibility": "Inference code accessibility",
    "accessibility_notes": "Accessibility notes",
    "citations_count": "Citations",
    "reference": "Reference",
    "reference_url": "Link",
}
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})")


class EpochModels:
    """Notable models by Epoch AI's criteria: citations, records, cost, use.

    Later lists of frontier models (`frontier_ai_models_*.csv`) that came through a mirror without
    a licence are not read. Abstracts, authors, and the notes on how a figure was found are left
    out, and so are hardware prices, where 0 stands for many unknown ones.
    """

    name = "epoch_models"
    title = "Epoch AI: notable models"
    terms = Terms(
        licence="CC-BY-4.0",
        url="https://epoch.ai/data",
        may_redistribute="rows",
        conflict="Chosen by Epoch AI for notability; compute, size and cost are partly estimated.",
    )
    tables = (MODEL,)
    files = ("notable-ai-models*.csv", "notable_ai_models*.csv")

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one edition, dated by its name unless a day was given.

        Raises `SchemaError` for a lost column, `UnreadableError` for an edition of no known day.
        """
        columns, ragged = Columns.from_csv(snapshot.unpacked(), snapshot.name)
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        columns = columns.select(_COLUMNS)
        marks = [ticked(cell) for cell in columns.cells("is_frontier")]
        columns = columns.with_cells("is_frontier", marks)
        if snapshot.observed_on is None:
            columns = columns.with_constant("observed_on", _day(snapshot.name))
        yield from fit(MODEL, columns, snapshot)


def _day(name: str) -> str:
    match = _DAY.search(name.rsplit("/", 1)[-1])
    if not match:
        raise UnreadableError(name, "its name holds no day; say which one (`--observed-on`)")
    return match[1]
