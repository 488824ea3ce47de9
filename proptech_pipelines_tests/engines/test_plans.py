"""No statement is planned as a join that compares every row with every other."""

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from proptech_pipelines.pipeline.compare import compare_days
from proptech_pipelines.testing import PipelineDriver
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.logs import traffic
from proptech_pipelines_tests.reference import TABLES

EVERY_ROW_WITH_EVERY_OTHER = {"BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN", "CROSS_PRODUCT"}
ONE_ROW = {"UNGROUPED_AGGREGATE", "DUMMY_SCAN"}
LITERALS = "COLUMN_DATA_SCAN"
"""A list of literals in the SQL: the hops of a window."""
SELECTING = re.compile(
    r"\s*(?:create or replace temporary table \w+ as\s+|insert into \S+ )?((?:select|with)\b.*)", re.DOTALL
)


class Recorder:
    """A connection that explains every statement that selects before it executes it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self.plans: dict[str, list[dict[str, Any]]] = {}

    def execute(self, sql: str, *values: object) -> duckdb.DuckDBPyConnection:
        """Execute, with the plan noted."""
        selecting = SELECTING.fullmatch(sql)
        if selecting and not values:
            self.plans[sql] = plan(self._con, selecting[1])
        return self._con.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def plan(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The physical plan of a statement, as a tree."""
    row = con.execute(f"explain (format json) {sql}").fetchone()
    assert row is not None
    return json.loads(row[1])


def slow_joins(nodes: list[dict[str, Any]]) -> Iterator[str]:
    """Joins of every row with every other, neither side of which is a single row or a list of literals."""
    for node in nodes:
        children = node["children"]
        if node["name"].strip() in EVERY_ROW_WITH_EVERY_OTHER and not any(map(is_one_row, children)):
            yield node["name"]
        yield from slow_joins(children)


def is_one_row(node: dict[str, Any]) -> bool:
    """Whether a part of a plan gives one row, or some literals, whatever it reads."""
    name = node["name"].strip()
    return name in ONE_ROW | {LITERALS} or (
        name in ("PROJECTION", "FILTER") and is_one_row(node["children"][0])
    )


@pytest.fixture(scope="module")
def recorded(empty_lake, tmp_path_factory):
    """What was executed while a log was taken in, in slices, checked and read, with the plans."""
    with PipelineDriver(tmp_path_factory.mktemp("plans"), empty_lake) as pipeline:
        recorder = pipeline.con = Recorder(pipeline.con)
        driver = EngineDriver.__new__(EngineDriver)
        driver.pipeline = pipeline
        log = traffic(5, 3_000)
        for part in (log[:1_500], log[1_500:2_500], log[2_500:]):
            driver.pipe(part)
            driver.advance()
        for family in pipeline.graph.families:
            compare_days(recorder, pipeline.graph, family, None)
        for name in TABLES:
            pipeline.table(name)
        yield recorder.plans


def test_no_statement_joins_every_row_with_every_other(recorded):
    slow = {sql: found for sql, tree in recorded.items() if (found := list(slow_joins(tree)))}
    assert slow == {}


def test_all_that_an_engine_computes_was_looked_at(recorded):
    made = {
        found[1]
        for sql in recorded
        if (found := re.match(r"\s*create or replace temporary table (\w+)", sql))
    }
    stored = ("price_change_windows", "price_change_late", "market_alerts", "market_periods")
    assert {f"delta_{name}" for name in stored} | {f"derived_{name}" for name in stored} <= made
    assert {"touched", "changed", "needed", "new_rows", "old_rows"} <= made
    assert {f"select * from {name}" for name in TABLES} <= set(recorded)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("v.k = e.k and e.ts >= v.since and e.ts < v.until", []),
        # As-of with an open end: the trap.
        ("v.k = e.k and e.ts >= v.since and (v.until is null or e.ts < v.until)", ["BLOCKWISE_NL_JOIN"]),
        ("e.ts >= v.since or e.k = v.k", ["BLOCKWISE_NL_JOIN"]),
        ("true", ["CROSS_PRODUCT"]),
    ],
)
def test_a_slow_join_would_be_seen(condition, expected):
    con = duckdb.connect()
    con.execute("create table e as select range as ts, range % 7 as k from range(5000)")
    con.execute(
        "create table v as select range as since, range + 3 as until, range % 7 as k from range(5000)"
    )
    tree = plan(
        con, f"select * from e left join v on {condition}" if condition != "true" else "select * from e, v"
    )
    assert list(slow_joins(tree)) == expected


def test_a_single_row_may_be_put_beside_every_other():
    con = duckdb.connect()
    con.execute("create table e as select range as ts from range(5000)")
    assert (
        list(slow_joins(plan(con, "select * from e cross join (select min(ts) as least from e) as l"))) == []
    )
