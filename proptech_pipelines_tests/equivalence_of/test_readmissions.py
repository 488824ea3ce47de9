"""G3 with re-admissions in the log: any batching gives the reference, a replay, and the same revisions."""

import json
from datetime import datetime

import pytest

from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.equivalence import tables_of
from proptech_pipelines_tests.logs import logs
from proptech_pipelines_tests.logs.hourly import analytics, trends
from proptech_pipelines_tests.logs.readmitting import with_readmissions
from proptech_pipelines_tests.reference import TABLES, Log
from proptech_pipelines_tests.reference.log import PRICE_CHANGES
from proptech_pipelines_tests.reference.readmissions import revisions
from proptech_pipelines_tests.table_equality import assert_same_rows

pytestmark = pytest.mark.long

KEYS = {"price_change_windows": "zip_code", "trending_windows": "zip_code", "analytics_windows": "state_code"}


def price_changes():
    """Logs of price changes alone."""
    return logs(broken=True, undated=True).map(
        lambda log: [entry for entry in log if entry.topic == PRICE_CHANGES]
    )


def assert_revisions_are_the_reference_s(driver: EngineDriver, log: Log) -> None:
    """Each re-admission has written what it changed, as was and as is."""
    folds = {name: TABLES[name] for name in KEYS}
    expected = [{name: _text(value) for name, value in row.items()} for row in revisions(log, folds, KEYS)]
    found = driver.pipeline.con.execute("select table_name, key, before, after from revisions").fetchall()
    names = ("table_name", "key", "before", "after")
    assert_same_rows(
        [{name: _spelled(name, value) for name, value in zip(names, row, strict=True)} for row in found],
        expected,
        "revisions",
    )


def _spelled(name: str, value: str | None) -> str | None:
    return value if name == "table_name" or value is None else json.dumps(json.loads(value), sort_keys=True)


def _text(value: object) -> object:
    """A row as JSON, moments as DuckDB writes them."""
    return json.dumps(value, sort_keys=True, default=_moment) if isinstance(value, dict) else value


def _moment(value: object) -> str:
    assert isinstance(value, datetime)
    return f"{value:%Y-%m-%d %H:%M:%S}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("family", "table", "found", "examples"),
    [
        ("price_change_analysis", "price_change_windows", price_changes(), 20),
        ("trending_neighborhoods", "trending_windows", trends(), 12),
        ("property_analytics", "analytics_windows", analytics(), 4),
    ],
)
def test_g3_with_readmissions_any_way_gives_the_reference_and_one_replay(
    family, table, found, examples, tmp_path, monkeypatch
):
    subject = Subject((family,), tables_of((family,)), assert_revisions_are_the_reference_s)
    assert_any_way_gives_the_reference(
        subject, with_readmissions(found, (table,)), examples, tmp_path, monkeypatch
    )
