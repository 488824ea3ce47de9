"""`proptech attach`."""

from proptech_pipelines.cli.options import Home
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.settings import Settings

_SHELL = """\
INSTALL ducklake; INSTALL postgres;
{setting};
ATTACH '{source}' AS {lake} ({options});
USE {lake};
SHOW TABLES;"""
_NOTEBOOK = """\
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.settings import Settings

lake = connect(Settings.load("{home}"), read_only=True)
lake.sql("SELECT * FROM market_alerts").df()"""


def attach(home: Home = None) -> None:
    """Print the statements that open the lake in a plain DuckDB shell and in a notebook."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    settings = Settings.load(home)
    if not settings.catalog:
        raise SettingsError(f"{settings.home} has no lake yet.", "run `proptech up` first.")
    console.print("In a DuckDB shell (version 1.5 or later):", style="bold")
    console.print(shell_statements(settings), markup=False, soft_wrap=True)
    console.print("\nIn a notebook, with this package installed:", style="bold")
    console.print(notebook_statements(settings), markup=False, soft_wrap=True)


def notebook_statements(settings: Settings) -> str:
    """The Python that opens the lake, read only, and gives a pandas frame."""
    return _NOTEBOOK.format(home=settings.home)


def shell_statements(settings: Settings) -> str:
    """The SQL that opens the lake, read only, in any DuckDB that may fetch its extensions."""
    from proptech_pipelines.lake.connection import (  # noqa: PLC0415
        LAKE,
        METADATA_SCHEMA,
        WITHOUT_TABLE_STATISTICS,
        catalog_source,
    )

    source = "ducklake:" + catalog_source(settings.catalog).replace("'", "''")
    options = f"READ_ONLY, METADATA_SCHEMA '{METADATA_SCHEMA}'"
    return _SHELL.format(setting=WITHOUT_TABLE_STATISTICS, source=source, lake=LAKE, options=options)
