"""The next generation of tables: made beside the live one, swapped in under its name, kept for a way back."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace

from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake.connection import Connection, quoted
from proptech_pipelines.lake.generations import (
    create_model,
    create_public_view,
    live_graph,
    record,
    shadow_graph,
)
from proptech_pipelines.lake.heads import create_heads
from proptech_pipelines.lake.packing import pack
from proptech_pipelines.lake.property_macros import property_macros
from proptech_pipelines.lake.transactions import transaction
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model

FIRST_NUMBER = -(2**40)
"""Transactions that build are numbered from here: below every number of a live table, so that no outbox publishes
their rows."""


def begin(con: Connection, checkout: Graph, names: Collection[str]) -> None:
    """Make the empty tables of the next generation of the models `names` of `checkout`, and their writers' heads.

    What is being built already of the very same text goes on; of another text it is dropped first. What a rollback
    that did not end was taking back stays retired.
    """
    put_back(con)
    current = {model.name: model for model in shadow_graph(con).models.values() if not model.is_live}
    wanted = {name: checkout[name] for name in names}
    if current and _texts(current) != _texts(wanted):
        drop_building(con)
        current = {}
    if not current:
        numbers = dict(
            con.execute("select table_name, max(generation) from generations group by table_name").fetchall()
        )
        families: dict[str, int] = {}
        for model in wanted.values():
            families[model.family] = max(families.get(model.family, 0), numbers.get(model.name, 0) + 1)
        made = [
            replace(
                model,
                is_live=False,
                generation=families[model.family] if model.family else numbers.get(model.name, 0) + 1,
            )
            for model in wanted.values()
        ]
        whole = Graph.of({**live_graph(con).models, **{model.name: model for model in made}}.values())
        with transaction(con):
            for model in whole.models.values():
                if not model.is_live:
                    create_model(con, whole, model)
            record(con, made)
    # Here, as a kill may have come in between.
    pack(con, [model.table for model in building_staging(shadow_graph(con))])
    _make_heads(con)


def _make_heads(con: Connection) -> None:
    """Heads of the writers that build, and of families that are new."""
    shadow = shadow_graph(con)
    create_heads(con, writers(shadow), FIRST_NUMBER)
    create_heads(con, building_families(shadow))


def _texts(models: Mapping[str, Model]) -> dict[str, tuple[str, str]]:
    return {name: (model.text, model.reader_schema) for name, model in models.items()}


def writers(graph: Graph) -> list[str]:
    """Who builds what `graph` has beside the live tables: staging tables and families."""
    return [model.table for model in building_staging(graph)] + [
        graph.writer(family) for family in building_families(graph)
    ]


def building_staging(graph: Graph) -> list[Model]:
    """The staging models whose next generation is being built."""
    return [model for model in graph.staging if not model.is_live]


def building_families(graph: Graph) -> list[str]:
    """The families whose next generation is being built."""
    return [family for family in graph.families if not graph.stored(family)[0].is_live]


def drop_building(con: Connection) -> None:
    """Drop everything that is being built."""
    _drop(con, "building")


def purge(con: Connection, names: Collection[str]) -> None:
    """Drop the retired generations of the tables `names`: there is no way back to them afterwards."""
    _drop(con, "retired", names)


def take_back(con: Connection, generations: Mapping[str, int]) -> None:
    """Make these retired `generations`, by table, ones that go on to the head again.

    What a plan has built so far is dropped.
    """
    drop_building(con)
    put_back(con)
    with transaction(con):
        for name, generation in generations.items():
            con.execute(
                "update generations set state = 'returning' where table_name = ? and generation = ?",
                [name, generation],
            )
    _make_heads(con)


def put_back(con: Connection) -> None:
    """What was being taken back is retired again, with all that it took in meanwhile."""
    with transaction(con):
        con.execute("update generations set state = 'retired' where state = 'returning'")


def _drop(con: Connection, state: str, names: Collection[str] | None = None) -> None:
    condition = f"state = '{state}'" + (f" and table_name in ({_listed(names)})" if names is not None else "")
    rows = con.execute(f"select table_name, generation, family from generations where {condition}").fetchall()
    with transaction(con):
        for name, generation, family in rows:
            con.execute(f"drop table if exists {name}__{generation}")
            con.execute(
                "delete from revision_records where table_name = ? and generation = ?", [name, generation]
            )
            writer = f"{family or name}__{generation}"
            con.execute(f"drop table if exists head_{writer}")
            con.execute("delete from ledger where writer = ?", [writer])
        con.execute(f"delete from generations where {condition}")


def swap_in(con: Connection, shadow: Graph, live: Graph, numbers: Mapping[str, int]) -> str:
    """Inside a transaction that has moved the heads: put what was built under the public names.

    `numbers` are the new numbers of the live heads of the swapped families. Returns the swap as JSON.
    """
    made = [model for model in shadow.models.values() if not model.is_live]
    gone = [model for model in live.models.values() if model.name not in shadow.models]
    for model in gone:
        con.execute(f"drop view if exists {model.name}")
        con.execute(
            "update generations set state = 'retired' where table_name = ? and state = 'live'", [model.name]
        )
    for model in made:
        former = live.models.get(model.name)
        if model.kind == "staging":
            if former is not None:
                con.execute(f"alter table {model.name} rename to {model.name}__{former.generation}")
            con.execute(f"alter table {model.table} rename to {model.name}")
        con.execute(
            "update generations set state = case when generation = ? then 'live' else 'retired' end "
            "where table_name = ? and state in ('live', 'building', 'returning')",
            [model.generation, model.name],
        )
    for family, number in numbers.items():
        generation = shadow.stored(family)[0].generation
        row = con.execute(f"update head_{family} set generation = {generation} where b = {number}").fetchone()
        if row is None or row[0] != 1:
            raise LedgerConflict(f"The head of {family} moved during its swap.", "swap again.")
    for model in made:
        if model.kind != "staging":
            create_public_view(con, replace(model, is_live=True))
    for statement in property_macros(shadow):
        con.execute(statement)
    change = {
        model.name: [live[model.name].generation if model.name in live.models else None, model.generation]
        for model in made
    }
    change |= {model.name: [model.generation, None] for model in gone}
    return json.dumps(change, sort_keys=True)


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"'{quoted(name)}'" for name in names) or "''"
