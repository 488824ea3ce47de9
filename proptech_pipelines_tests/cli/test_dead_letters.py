"""`proptech dead-letters`: what is dead and why, and letters redriven, without Kafka and without a registry."""

import json
from dataclasses import replace

import pytest

from proptech_pipelines.lake.connection import connect
from proptech_pipelines.pipeline.verify import verify_log
from proptech_pipelines.settings import Settings
from proptech_pipelines.testing import PipelineDriver, encode
from proptech_pipelines_tests.pipeline.redrive_lake import CHANGES, change

pytestmark = pytest.mark.usefixtures("wide_screen")


@pytest.fixture
def home(tmp_path, empty_lake):
    """A home folder without servers: two records that were sent with a price of 0, and one good one."""
    folder = tmp_path / "home"
    with PipelineDriver(folder, empty_lake) as driver:
        driver.pipe([change(0, 0, new=0), change(1, 1), change(2, 2, new=0)])
        driver.settings.store()
    return folder


def cells(out: str) -> list[list[str]]:
    """The rows of the tables in `out`."""
    return [
        [cell.strip() for cell in line.strip("│┃").split("│" if "│" in line else "┃")]
        for line in out.splitlines()
        if line.startswith(("│", "┃"))
    ]


def rows_of(home, sql):
    con = connect(Settings.load(home), read_only=True)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def test_list_shows_letters_by_topic_and_reason_and_samples_with_their_names(run, home):
    ended = run("dead-letters", "list", "--home", home)
    assert ended.code == 0
    assert cells(ended.out) == [
        ["topic", "reason", "stage", "letters", "parked", "oldest"],
        [CHANGES, "price_out_of_range", "contract", "2", "0", "0 min"],
    ]
    assert "property-price-changes/0/2  price_out_of_range\n  newPrice = 0\n  0000000004" in ended.out
    assert "property-price-changes/0/0  price_out_of_range" in ended.out
    shown = run("dead-letters", "list", "--home", home, "--samples", "1").out
    assert "property-price-changes/0/0" not in shown
    assert (
        run("dead-letters", "list", "--home", home, "--topic", "market-data").out == "No open dead letters.\n"
    )


def test_a_dry_run_shows_the_histogram_and_writes_nothing(run, home):
    ended = run("dead-letters", "redrive", "--home", home, "--dry-run", "--reason", "price_out_of_range")
    assert cells(ended.out) == [
        ["topic", "reason", "letters", "would be staged", "failed", "reason now", "parked"],
        [CHANGES, "price_out_of_range", "2", "0", "2", "price_out_of_range 2", "0"],
    ]
    assert ended.out.splitlines()[-1] == "0 of 2 letters would become rows. Nothing was written."
    assert rows_of(home, "select count(*) from dead_letter_attempts") == [(0,)]


def test_letters_are_redriven_by_filter_and_parked_after_the_most_attempts(run, home):
    words = ("dead-letters", "redrive", "--home", home, "--max-attempts", "1")
    until = run(*words, "--until", "2024-05-01T12:02:00")
    assert until.out.splitlines()[-1] == "0 of 1 letters became rows; tables follow with the stream."
    assert rows_of(home, "select kafka_offset, is_parked from dead_letters order by all") == [
        (0, True),
        (2, False),
    ]
    run(*words, "--since", "2024-05-01", "--topic", CHANGES, "--max", "5")
    assert run(*words).out == "No letter to redrive.\n"
    listed = run("dead-letters", "list", "--home", home).out
    assert "redriven 1 times in vain" in listed


def test_a_value_from_a_file_mends_the_letter_that_is_named(run, home, tmp_path):
    file = tmp_path / "repaired.avro"
    file.write_bytes(encode(change(2, 2, new=150)) or b"")
    words = ("dead-letters", "redrive", "--home", home, "--value-file", file)
    ended = run(*words, "--letter", f"{CHANGES}/0/2")
    assert ended.out.splitlines()[-1] == "1 of 1 letters became rows; tables follow with the stream."
    assert rows_of(home, "select new_price from stg_property_price_changes where kafka_offset = 2") == [
        (150,)
    ]
    verified = run("log", "verify", "--home", home)
    assert (verified.code, verified.out) == (0, "1 ranges, 3 records, 0 broken\n")


def test_a_value_may_be_json_once_there_is_a_registry(run, home, stack, tmp_path):
    replace(Settings.load(home), schema_registry_url=stack.settings.schema_registry_url).store()
    file = tmp_path / "repaired.json"
    words = ("dead-letters", "redrive", "--home", home, "--value-file", file, "--letter", f"{CHANGES}/0/2")
    file.write_text(json.dumps({"propertyId": "home-1"}))
    assert f"holds no value of {CHANGES}" in " ".join(run(*words).err.replace("│", " ").split())
    value = {**change(2, 2).value, "newPrice": 150}
    file.write_text(json.dumps(value))
    assert run(*words).out.splitlines()[-1].startswith("1 of 1 letters became rows")
    assert rows_of(home, "select new_price from stg_property_price_changes where kafka_offset = 2") == [
        (150,)
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--letter", "x"], "'x' names no letter."),
        (["--letter", f"{CHANGES}/0/-1"], "names no letter."),
        (["--letter", f"{CHANGES}/0/1"], f"No open dead letter at {CHANGES}/0/1."),
        (["--value-file", "/nowhere", "--letter", f"{CHANGES}/0/2"], "/nowhere cannot be read"),
        (["--value-file", __file__], "A value is for one letter alone."),
        (
            ["--value-file", __file__, "--letter", "a/0/0", "--letter", "a/0/1"],
            "A value is for one letter alone.",
        ),
    ],
)
def test_what_cannot_be_meant_is_an_error_panel(run, home, words, message):
    ended = run("dead-letters", "redrive", "--home", home, *words)
    assert ended.code == 1
    assert message in ended.err


@pytest.mark.parametrize("command", ["list", "redrive"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--topic", "prices"], "There is no input topic prices."),
        (["--reason", "bad_price"], "There is no reason bad_price."),
    ],
)
def test_a_topic_or_a_reason_that_is_none_is_an_error_panel(run, home, command, words, message):
    ended = run("dead-letters", command, "--home", home, *words)
    assert (ended.code, ended.out) == (1, "")
    assert message in ended.err
    assert "name one of" in ended.err


def test_a_schema_that_must_be_asked_for_needs_a_registry(run, tmp_path, empty_lake):
    folder = tmp_path / "home"
    with PipelineDriver(folder, empty_lake) as driver:
        driver.pipe([change(0, 0, is_known=False)])
        driver.settings.store()
    ended = run("dead-letters", "redrive", "--home", folder)
    assert ended.code == 1
    assert "The log has not resolved schema 900, and no schema registry is known." in ended.err


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("delete from stg_property_price_changes where kafka_offset = 2", (2, 1, 1)),
        (
            "insert into stg_property_price_changes from stg_property_price_changes where kafka_offset = 2",
            (2, 3, 2),
        ),
        ("update dead_letter_attempts set outcome = 'failed'", (2, 2, 2)),
    ],
)
def test_verify_finds_a_redriven_row_that_went_or_came_twice(run, home, tmp_path, statement, found):
    file = tmp_path / "repaired.avro"
    file.write_bytes(encode(change(2, 2, new=150)) or b"")
    run("dead-letters", "redrive", "--home", home, "--value-file", file, "--letter", f"{CHANGES}/0/2")
    settings = Settings.load(home)
    assert verify_log(settings).uneven == ()
    con = connect(settings)
    con.execute(statement)
    con.close()
    (item,) = verify_log(settings).uneven
    assert (item.expected_rows, item.rows, item.places) == found
    ended = run("log", "verify", "--home", home)
    assert ended.code == 1
    assert "uneven" in ended.out
