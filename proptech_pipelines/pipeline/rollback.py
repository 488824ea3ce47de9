"""The way back: the generation that the last swap retired is brought to the head and swapped in again."""

import json
from collections.abc import Collection

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake import building
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.build import approach, pin_head
from proptech_pipelines.pipeline.plan import PLAN_LEASE, Tools
from proptech_pipelines.pipeline.swap import swap, unpublished_by


def roll_back(con: Connection, table: str, tools: Tools) -> str:
    """Bring the former generation of the family (or staging table) of `table` to the head and swap it in again.

    What was swapped together with it and reads one staging table goes back, too: sums over its former rows would not
    go on over the new ones. Killed, the next call goes on. Returns what changed as JSON. Raises SettingsError if there
    is none to go back to.
    """
    with tools.leases.hold(PLAN_LEASE):
        live = live_graph(con)
        former = _former(con, live, _set_of(live, table))
        if not former:
            raise SettingsError(f"{table} has no retired generation.", "a plan keeps one until it is purged.")
        building.take_back(con, former)
        approach(con, tools.limits, pin_head, tools.on_slice)
        return swap(con, tools.leases, tools.limits, unpublished_by(con, tools.outboxes))


def purge_retired(con: Connection, table: str, leases: Leases) -> list[str]:
    """Drop the retired generations of the family (or staging table) of `table`; the tables that were dropped."""
    with leases.hold(PLAN_LEASE):
        building.put_back(con)
        live = live_graph(con)
        names = _set_of(live, table)
        rows = con.execute(
            "select table_name, generation from generations where state = 'retired' "
            "and (family = ? or list_contains(?, table_name)) order by table_name, generation",
            [live[table].family or None, sorted(names)],
        ).fetchall()
        building.purge(con, {name for name, _ in rows})
    return [f"{name}__{generation}" for name, generation in rows]


def _set_of(live: Graph, table: str) -> set[str]:
    """The live tables that are swapped together with `table`."""
    if table not in live.models:
        raise SettingsError(f"There is no table {table}.", "see `proptech status` for the tables.")
    family = live[table].family
    return {model.name for model in live.market if model.family == family} if family else {table}


def _former(con: Connection, live: Graph, names: set[str]) -> dict[str, int]:
    """By table, the generation that the last swap of one of `names` retired; of none if that was purged.

    A table that came with that swap is not among them, one that went with it is. Raises SettingsError if a staging
    table among them was swapped again since.
    """
    rows = con.execute(
        "select table_name, generation from generations where state in ('retired', 'returning')"
    ).fetchall()
    kept = {(str(name), int(generation)) for name, generation in rows}
    entries = con.execute(
        "select detail from control_log where kind = 'swap' order by number desc"
    ).fetchall()
    for (detail,) in entries:
        change: dict[str, list[int | None]] = json.loads(detail)
        if not names & change.keys():
            continue
        together = _together(live, names, change.keys())
        former = {
            name: before
            for name, (before, after) in change.items()
            if before is not None and (name in together or after is None)
        }
        # Another lake's swaps, too, come with its log: this one never had their generations.
        if not kept & set(former.items()):
            continue
        if gone := sorted(name for name, generation in former.items() if (name, generation) not in kept):
            raise SettingsError(
                f"What was swapped with it goes back with it, and of {', '.join(gone)} the former rows were purged.",
                "put the former models back into the installation: that is a plan.",
            )
        _require_as_swapped(live, {name: change[name][1] for name in former})
        return former
    return {}


def _together(live: Graph, names: set[str], swapped: Collection[str]) -> set[str]:
    """`names`, and of what was `swapped` with them all that hangs together by a staging table."""
    sets = [
        {
            *(item.name for item in live.staging_of(family) if item.name in swapped),
            *(item.name for item in live.market if item.family == family),
        }
        for family in live.families
        if any(item.family == family and item.name in swapped for item in live.market)
    ]
    found = set(names)
    while grown := [item for item in sets if item & found and not item <= found]:
        found.update(*grown)
    return found


def _require_as_swapped(live: Graph, swapped: dict[str, int | None]) -> None:
    for model in live.staging:
        if model.name in swapped and model.generation != swapped[model.name]:
            raise SettingsError(
                f"{model.name} was swapped again since, and others may read what came with that.",
                f"take that back first: `proptech rollback {model.name}`.",
            )
