"""The command line in this process: what it prints, and the code it ends with."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from proptech_pipelines.cli import main
from proptech_pipelines.cli.screen import console
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.services.postgres import PostgresServer
from proptech_pipelines.settings import Settings


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch, capsys) -> Run:
    """Call with the words after `proptech`."""

    def call(*words: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["proptech", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def wide_screen(monkeypatch) -> None:
    """A terminal on which no cell is folded."""
    monkeypatch.setattr(console, "width", 160)


@pytest.fixture(scope="session")
def lake_home(postgres: PostgresServer, tmp_path_factory) -> Iterator[Path]:
    """A home folder with an empty lake and no Kafka."""
    home = tmp_path_factory.mktemp("lake-home")
    postgres.create_database("cli")
    settings = Settings(home=home, catalog=postgres.dsn("cli"))
    settings.store()
    with open_lake(settings) as connection:
        connection.execute("insert into head_ingest values (7, 1)")
    return home
