"""What would be seen after a swap: compares the tables that were built with the live ones, before anyone reads them."""

from collections.abc import Collection, Mapping
from typing import Any

from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model

_SAMPLE = 20


def audit(
    con: Connection,
    live: Graph,
    shadow: Graph,
    version: int,
    changes: Collection[Mapping[str, Any]],
    audited: Mapping[str, Any],
) -> dict[str, Any]:
    """Row counts of both, and rows that are new or gone by the columns that both have: alerts that would differ.

    `version` is that of the lake at which the live tables are what the built ones are to equal, but for those that
    went on since they were `audited`: what was found then still counts.
    Raises ModelError if a table whose existing columns keep their meaning (no breaking change) lost a row or
    changed one: then the build is not what the plan said, and the live tables stay.
    """
    breaking = {item["table"] for item in changes if item["level"] == "breaking"}
    found: dict[str, Any] = {}
    for model in shadow.models.values():
        if model.is_live or not (model.is_stored or model.kind == "staging") or model.name not in live.models:
            continue
        if model.name in audited:
            found[model.name] = audited[model.name]
            continue
        found[model.name] = _compared(con, live[model.name], model, version)
        if model.name not in breaking and found[model.name]["gone"]:
            raise ModelError(
                f"{model.name}: {found[model.name]['gone']} rows that are live are not in what was built.",
                "see table plans for samples; the live table stays. Report this.",
                sample=found[model.name]["gone_sample"],
            )
    return {"audit": found}


def _compared(con: Connection, live: Model, built: Model, version: int) -> dict[str, Any]:
    columns = _shared(con, live, built)
    old = _rows(live, columns, f" at (version => {version})")
    new = _rows(built, columns)
    gone = f"({old} except all {new})"
    added = f"({new} except all {old})"
    return {
        "rows_live": scalar(con, f"select count(*) from ({old})"),
        "rows_built": scalar(con, f"select count(*) from ({new})"),
        "gone": scalar(con, f"select count(*) from {gone}"),
        "new": scalar(con, f"select count(*) from {added}"),
        "gone_sample": [str(row) for row in con.execute(f"select * from {gone} limit {_SAMPLE}").fetchall()],
        "new_sample": [str(row) for row in con.execute(f"select * from {added} limit {_SAMPLE}").fetchall()],
    }


def _shared(con: Connection, live: Model, built: Model) -> str:
    if live.kind == "staging":
        names = [row[0] for row in con.execute(f"describe {live.table}").fetchall()]
        known = {row[0] for row in con.execute(f"describe {built.table}").fetchall()}
    else:
        names, known = list(live.column_names), set(built.column_names)
    return ", ".join(name for name in names if name in known)


def _rows(model: Model, columns: str, at: str = "") -> str:
    table = f"lake.{model.table}{at}"
    return f"select {columns} from {table if model.kind == 'staging' else f'({slices.whole_rows(model, table)})'}"
