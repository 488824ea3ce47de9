"""`proptech search` and the macro behind it, in this package and in a plain DuckDB."""

import duckdb
import pytest

from proptech_pipelines.lake.connection import extension_path
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.reference.building_property import listing, step

NOON = "2024-05-01T12:00:00"
LOG = [
    listing(0, NOON, name="A", bedrooms=3, bathrooms=2.0),
    listing(1, NOON, name="B", bedrooms=3, bathrooms=2.5, property_type="Condo"),
    listing(2, NOON, name="C", bedrooms=4, bathrooms=3.0, city=" SACRAMENTO "),
    listing(3, NOON, name="D", bedrooms=3, city="Davis", property_type="Multi_Family"),
    listing(4, NOON, name="E", bedrooms=3, price=100),
    step(0, NOON, "LISTED", 299_999, name="A"),
    step(1, NOON, "LISTED", 300_000, name="B"),
    step(2, NOON, "LISTED", 250_000, name="C"),
    step(3, NOON, "LISTED", 250_000, name="D"),
    step(4, NOON, "SOLD", 100, name="E"),
    step(5, NOON, "LISTED", None, name="F", zip_code="50010"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory, empty_lake):
    folder = tmp_path_factory.mktemp("search")
    with EngineDriver(folder, empty_lake) as driver:
        driver.pipe(LOG)
        driver.advance("property_history")
        driver.pipeline.settings.store()
    return folder


def found(out):
    """The property ids of the printed rows."""
    return [line.strip("│ ").split("│")[0].strip() for line in out.splitlines() if line[:1] == "│"]


@pytest.mark.parametrize(
    ("phrase", "ids"),
    [
        ("3 bed sacramento under 300000", ["A"]),
        ("3 bed sacramento up to 300000", ["A", "B"]),
        ("3+ beds sacramento", ["C", "A", "B"]),
        ("over 2 baths", ["C", "B"]),
        ("condo", ["B"]),
        ("multi family davis", ["D"]),
        ("95814 under 260k", ["C", "D"]),
        ("50010", ["F"]),
        ("", ["C", "D", "A", "B", "F"]),
    ],
)
def test_a_phrase_finds_the_cheapest_first(run, home, phrase, ids):
    ended = run("search", phrase, "--home", home)
    assert ended.code == 0
    assert found(ended.out) == ids
    assert "In SQL: from search_properties(" in ended.out


def test_nothing_found_says_so(run, home):
    assert run("search", "iowa", "--home", home).out.startswith("Nothing found.\n")


def test_the_macro_works_in_a_duckdb_that_has_only_attached_the_lake(home):
    con = duckdb.connect()
    for name in ("sqlite_scanner", "ducklake"):
        con.execute(f"LOAD '{extension_path(name)}'")
    con.execute(
        f"ATTACH 'ducklake:sqlite:{home}/catalog.sqlite' AS house "
        f"(READ_ONLY, DATA_PATH '{home}/lake/', OVERRIDE_DATA_PATH true)"
    )
    con.execute("USE house")
    rows = con.execute(
        "select property_id from search_properties(min_beds := 3, in_city := 'Sacramento')"
    ).fetchall()
    assert rows == [("C",), ("A",), ("B",)]
    assert con.execute("select status from property_current_as_of() where property_id = 'E'").fetchall() == [
        ("sold",)
    ]
    con.close()


def test_a_phrase_that_is_not_clear_is_an_error_panel(run, home):
    ended = run("search", "sacramento 3 bed davis", "--home", home)
    assert (ended.code, ended.out) == (1, "")
    assert "ask for is not clear" in ended.err
