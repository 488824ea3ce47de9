"""Derives days of all tables of a family again, views included, as a person asks for it."""

from dataclasses import dataclass

from proptech_pipelines.lake.connection import scalar
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.backfill import Request, backfill, totals
from proptech_pipelines.pipeline.compare import Days, chosen
from proptech_pipelines.settings import Settings


@dataclass(frozen=True)
class Rederived:
    """Rows of a table on the days, and how many stored rows had to change for that."""

    rows: int
    changed: int


def rederive(settings: Settings, family: str, days: Days) -> dict[str, Rederived]:
    """Make the tables of `family` on `days` what the log gives; by table name. Raises as `backfill`."""
    with open_lake(settings) as con, Leases(settings) as leases:
        graph = live_graph(con)
        request = Request(graph.stored(family)[0].name, days)
        stored = {item.table: item for item in totals(backfill(con, leases, request))}
        found: dict[str, Rederived] = {}
        for model in graph.market:
            if model.family == family:
                rows = scalar(con, f"select count(*) from {model.name} where {chosen(model, days)}")
                item = stored.get(model.name)
                changed = item.missing + item.surplus if item else 0
                found[model.name] = Rederived(rows, changed)
        return found
