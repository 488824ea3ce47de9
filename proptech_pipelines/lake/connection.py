"""Connections to the lake: DuckDB in this process, its catalog in PostgreSQL, its rows in Parquet files."""

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import duckdb

from proptech_pipelines.errors import LakeMissing, ServiceError, SettingsError
from proptech_pipelines.settings import Settings

Connection = duckdb.DuckDBPyConnection
"""A connection to the lake, for annotations outside this package."""
LakeError = duckdb.Error
"""What the lake raises that is not foreseen."""
FAULTS = (duckdb.ProgrammingError, duckdb.DataError)
"""Of these, what the SQL or the values are at fault for, so that another attempt ends in the same way."""
LAKE = "lake"
WITHOUT_TABLE_STATISTICS = "SET disabled_optimizers = 'statistics_propagation'"
"""DuckLake takes a file whose minimum of a column is unknown, since one row group has only nulls, for one without any
value. The table's range is then too narrow, and DuckDB, which trusts it, leaves rows out and reads 20 as 276."""
METADATA_SCHEMA = "ducklake"
_FOLDER = "lake_folder"
_ATTEMPTS = 5


def connect(
    settings: Settings, *, read_only: bool = False, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A new DuckDB with the lake attached as `lake` and made the current catalog.

    Each call is an instance of its own; `cursor()` of the result gives further connections to the same one,
    each of which needs `USE lake`. Raises ServiceError if the catalog cannot be reached, SettingsError if none
    is set.
    """
    if not settings.catalog:
        raise SettingsError(
            f"{settings.home} has no lake yet.", "run `proptech up` first, or set PROPTECH_CATALOG."
        )
    extension = "sqlite_scanner" if settings.catalog.startswith("sqlite:") else "postgres_scanner"
    con = _open((extension, "ducklake"), threads)
    try:
        attach(con, settings, read_only=read_only)
    except ServiceError:
        con.close()
        raise
    return con


def attach(con: duckdb.DuckDBPyConnection, settings: Settings, *, read_only: bool = False) -> None:
    """Attach the lake of `settings` as `lake` and make it the current catalog. Raises ServiceError as `connect`."""
    source = catalog_source(settings.catalog)
    # Files are known by their paths below the data path, so that a home folder can be moved.
    options = [
        f"DATA_PATH '{quoted(str(settings.lake_path))}/'",
        "OVERRIDE_DATA_PATH true",
        "DATA_INLINING_ROW_LIMIT 0",
    ]
    if not source.startswith("sqlite:"):
        options.append(f"METADATA_SCHEMA '{METADATA_SCHEMA}'")
    if read_only:
        options.append("READ_ONLY")
    else:
        settings.lake_path.mkdir(parents=True, exist_ok=True)
    try:
        _attach(con, f"ATTACH 'ducklake:{quoted(source)}' AS {LAKE} ({', '.join(options)})")
        con.execute(f"USE {LAKE}")
        con.execute(f"SET VARIABLE {_FOLDER} = '{quoted(str(settings.lake_path))}'")
    except duckdb.Error as error:
        if "creating a new DuckLake is explicitly disabled" in str(error):
            raise LakeMissing(
                "The catalog holds no lake yet.", "run `proptech up`, which makes it."
            ) from error
        raise ServiceError(
            f"The lake's catalog cannot be opened: {error}", "run `proptech status`."
        ) from error


def _attach(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Attach the lake; where two processes make its catalog at once, the slower one tries again."""
    for attempt in range(_ATTEMPTS):
        try:
            con.execute(statement)
        except duckdb.Error as error:
            if attempt == _ATTEMPTS - 1 or "already exists" not in str(error):
                raise
        else:
            return


def cursor(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to the same DuckDB, for another thread."""
    other = con.cursor()
    other.execute(f"USE {LAKE}")
    other.execute(f"SET VARIABLE {_FOLDER} = '{quoted(str(data_folder(con)))}'")
    return other


def data_folder(con: duckdb.DuckDBPyConnection) -> Path:
    """Where the lake that is attached to `con` keeps its files."""
    # All rows are fetched: a result that is left open holds its transaction, and a catalog in SQLite, open with it.
    (row,) = con.execute(f"select getvariable('{_FOLDER}')").fetchall()
    return Path(str(row[0]))


def catalog_tables(con: duckdb.DuckDBPyConnection) -> str:
    """The schema, as SQL names it, that holds DuckLake's own tables."""
    catalog = f"__ducklake_metadata_{LAKE}"
    ((kind,),) = con.execute(f"select catalog_type from ducklake_settings('{LAKE}')").fetchall()
    return catalog if kind == "sqlite" else f"{catalog}.{METADATA_SCHEMA}"


def scalar(con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[object] = ()) -> int:
    """The one whole number that `sql` gives; 0 where it gives no row."""
    row = con.execute(sql, values).fetchone()
    return int(row[0]) if row else 0


def catalog_source(catalog: str) -> str:
    """What DuckLake calls its catalog: `postgres:<libpq string>`, or `sqlite:<file>` as it stands."""
    return catalog if catalog.startswith("sqlite:") else f"postgres:{catalog}"


@cache
def extension_path(name: str) -> Path:
    """The file of a DuckDB extension, from its wheel: nothing is downloaded when the platform runs."""
    package = f"duckdb_extension_{name}"
    spec = importlib.util.find_spec(package)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    found = [path for root in locations for path in Path(root).rglob("*.duckdb_extension")]
    if not found:
        raise ServiceError(f"The package {package} is not installed.", "install the project again with pip.")
    return found[0]


@cache
def _check_signature(name: str) -> None:
    """DuckDB reads a whole extension to check its signature, 0.12 s each time: once in a process will do."""
    with _duckdb(allow_unsigned=False) as con:
        con.execute(f"LOAD '{quoted(str(extension_path(name)))}'")


def _duckdb(*, allow_unsigned: bool) -> duckdb.DuckDBPyConnection:
    """A DuckDB that loads the extensions that it is told to and no other."""
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_unsigned_extensions": allow_unsigned,
        }
    )


def _open(extensions: tuple[str, ...], threads: int | None) -> duckdb.DuckDBPyConnection:
    for name in extensions:
        _check_signature(name)
    con = _duckdb(allow_unsigned=True)
    if threads:
        con.execute(f"SET threads = {threads}")
    # Rows carry their order in columns; keeping insertion order would cost memory in large scans.
    con.execute("SET preserve_insertion_order = false")
    con.execute("SET TimeZone = 'UTC'")
    con.execute(WITHOUT_TABLE_STATISTICS)
    for name in extensions:
        con.execute(f"LOAD '{quoted(str(extension_path(name)))}'")
    # Every commit takes the next snapshot number; beside a busy writer ten attempts are too few.
    con.execute("SET ducklake_max_retry_count = 200")
    con.execute("SET ducklake_retry_wait_ms = 5")
    con.execute("SET ducklake_retry_backoff = 1.1")
    return con


def quoted(text: str) -> str:
    """`text` as it stands inside a SQL string literal."""
    return text.replace("'", "''")
