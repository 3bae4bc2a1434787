"""The ATOM Project's curated lists: tracked Hub models, and facts about them and their makers."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from underlay.sources.base import OBSERVED_ON, SNAPSHOT, Request, Snapshot, Terms, fit, skipped_rows
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["Atom"]

_MODEL_ID = Column("model_id", "string", "Hub id as written, `namespace/name`", True)
_NOTES = Column("notes", "string", "the curators' remark")

TRACKED_MODEL = Table(
    name="raw_atom__tracked_model",
    doc="One row per Hub model that the curators follow, and list that it stands in.",
    key=("observed_on", "model_id", "list"),
    columns=(
        OBSERVED_ON,
        _MODEL_ID,
        Column("organization", "string", "Hub namespace", True),
        Column("model_name", "string", "Hub name without the namespace", True),
        Column("list", "string", "`main`, or `extra` for models outside the main policy", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(Check("known list", "list", one_of=("extra", "main")),),
)

ORGANIZATION_REGION = Table(
    name="raw_atom__organization_region",
    doc="One row per Hub namespace that the curators gave a region.",
    key=("observed_on", "account"),
    columns=(
        OBSERVED_ON,
        Column("account", "string", "Hub namespace as written; some are legacy names", True),
        Column(
            "region",
            "string",
            "`us`, `china`, `eu`, `other`, or `unknown` where the curators found no single base; "
            "some are contestable (stabilityai is `eu`)",
            True,
        ),
        _NOTES,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)

MODEL_PARAMETERS = Table(
    name="raw_atom__model_parameters",
    doc="One row per Hub model whose parameters the curators looked up.",
    key=("observed_on", "model_id"),
    columns=(
        OBSERVED_ON,
        _MODEL_ID,
        Column("parameters_count", "int64", "parameters; published in billions", True),
        Column(
            "active_parameters_count",
            "int64",
            "parameters active for one token; published in billions, null where not looked up",
        ),
        Column("is_moe", "bool", "mixture of experts; null where nobody has said"),
        _NOTES,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
    checks=(
        Check("some parameters", "parameters_count", lowest=1),
        Check("some active parameters", "active_parameters_count", lowest=1),
    ),
)

RELEASE_DATE_CORRECTION = Table(
    name="raw_atom__release_date_correction",
    doc="One row per Hub model whose public release was not on the day its repository was made.",
    key=("observed_on", "model_id"),
    columns=(
        OBSERVED_ON,
        _MODEL_ID,
        Column("hub_created_on", "date", "day on which the Hub repository was made", True),
        Column("released_on", "date", "day of release; mostly later, sometimes earlier", True),
        _NOTES,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)

_TRACKED_COLUMNS = {"model_id": "modelId", "organization": "org", "model_name": "model"}
_REGION_COLUMNS = {"account": "hf_org", "region": "region", "notes": "notes"}
_PARAMETER_COLUMNS = {
    "model_id": "model_id",
    "parameters_count": "total_params_b",
    "active_parameters_count": "active_params_b",
    "is_moe": "is_moe",
    "notes": "notes",
}
_CORRECTION_COLUMNS = {
    "model_id": "model_id",
    "hub_created_on": "hf_created_at",
    "released_on": "actual_release_date",
    "notes": "notes",
}


class Atom:
    """Tracked models, regions of namespaces, parameters and corrected release dates.

    None of the files holds a date, so each needs one from whoever fetched it. The listing policy
    (`policy/model_policy.yml`) is not read: it says how the lists are made, and has no rows.
    """

    name = "atom"
    title = "ATOM Project: tracked models"
    terms = Terms(
        licence="Apache-2.0",
        url="https://github.com/Interconnects-AI/tracked-models",
        may_redistribute="rows",
        conflict="The ATOM Project campaigns for open models made in the US, and says which "
        "namespace belongs to which region.",
    )
    tables = (TRACKED_MODEL, ORGANIZATION_REGION, MODEL_PARAMETERS, RELEASE_DATE_CORRECTION)
    files = (
        "models.csv",
        "extra_models.csv",
        "organization_regions.csv",
        "model_parameters.csv",
        "release_date_corrections.csv",
    )

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of one list; raises `UnreadableError` unless the snapshot carries a date."""
        is_corrections = snapshot.matches("release_date_corrections.csv")
        columns, ragged = Columns.from_csv(
            snapshot.unpacked(), snapshot.name, comment="#" if is_corrections else ""
        )
        yield from skipped_rows(snapshot.name, ragged, "number of cells differs from the header")
        if is_corrections:
            yield from fit(RELEASE_DATE_CORRECTION, columns.select(_CORRECTION_COLUMNS), snapshot)
        elif snapshot.matches("organization_regions.csv"):
            yield from fit(ORGANIZATION_REGION, columns.select(_REGION_COLUMNS), snapshot)
        elif snapshot.matches("model_parameters.csv"):
            columns = columns.select(_PARAMETER_COLUMNS)
            for name in ("parameters_count", "active_parameters_count"):
                columns = columns.derive(name, name, _parameters)
            yield from fit(MODEL_PARAMETERS, columns, snapshot)
        else:
            listed = "extra" if snapshot.matches("extra_models.csv") else "main"
            columns = columns.select(_TRACKED_COLUMNS).with_constant("list", listed)
            yield from fit(TRACKED_MODEL, columns, snapshot)


def _parameters(billions: str) -> int | str:
    """Billions as written, as a number of parameters; what isn't a whole number stays text."""
    try:
        number = Decimal(billions) * 1_000_000_000
    except InvalidOperation:
        return billions
    if not number.is_finite() or number != number.to_integral_value():
        return billions
    return int(number)
