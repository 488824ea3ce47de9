"""What `proptech attach` prints works as printed."""

import duckdb

from proptech_pipelines.cli.attach import notebook_statements, shell_statements
from proptech_pipelines.lake.connection import extension_path
from proptech_pipelines.settings import Settings


def test_the_shell_statements_open_the_lake(lake_home):
    install, *statements = shell_statements(Settings.load(lake_home)).splitlines()
    assert install == "INSTALL ducklake; INSTALL postgres;"
    connection = duckdb.connect()
    for name in ("postgres_scanner", "ducklake"):  # the same extensions, from their wheels
        connection.execute(f"LOAD '{extension_path(name)}'")
    names = [row[0] for row in connection.execute("\n".join(statements)).fetchall()]
    connection.close()
    assert {"event_log", "market_alerts", "price_change_analysis"} <= set(names)


def test_the_notebook_statements_open_the_lake(lake_home):
    *statements, last = notebook_statements(Settings.load(lake_home)).splitlines()
    names: dict[str, object] = {}
    exec("\n".join(statements), names)
    assert last == 'lake.sql("SELECT * FROM market_alerts").df()'
    assert len(eval(last, names)) == 0
    names["lake"].close()


def test_both_are_printed_unbroken(run, lake_home):
    settings = Settings.load(lake_home)
    out = run("attach", "--home", lake_home).out
    assert shell_statements(settings) in out
    assert notebook_statements(settings) in out


def test_a_home_without_a_lake_says_how_to_begin(run, tmp_path):
    assert "run `proptech up` first" in run("attach", "--home", tmp_path).err
