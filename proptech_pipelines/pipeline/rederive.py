"""Derives days of all tables of a family again, views included, as a person asks for it."""

from dataclasses import dataclass

from proptech_pipelines.lake.connection import scalar
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.rebuild import Days, chosen, rebuild_days
from proptech_pipelines.settings import Settings


@dataclass(frozen=True)
class Rederived:
    """Rows of a table on the days, and how many stored rows had to change for that."""

    rows: int
    changed: int


def rederive(settings: Settings, family: str, days: Days) -> dict[str, Rederived]:
    """Make the tables of `family` on `days` what the log gives; by table name. Raises as `rebuild_days`."""
    with open_lake(settings) as con, Leases(settings) as leases:
        graph = live_graph(con)
        stored = {item.table: item for item in rebuild_days(con, leases, graph, family, days)}
        found: dict[str, Rederived] = {}
        for model in graph.market:
            if model.family == family:
                rows = scalar(con, f"select count(*) from {model.name} where {chosen(model, days)}")
                item = stored.get(model.name)
                changed = item.missing + item.surplus if item else 0
                found[model.name] = Rederived(rows, changed)
        return found
