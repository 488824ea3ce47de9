"""Opening the lake for writing: makes it on the first call, and what a newer installation adds."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake import tables
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import checkout_graph, create_models
from proptech_pipelines.settings import Settings

_ATTEMPTS = 12
_PAUSE_SECONDS = 0.5


@contextmanager
def open_lake(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the lake with all tables present; closed at the end.

    Raises ServiceError if the catalog cannot be reached or is of a newer version.
    """
    con = connect(settings)
    try:
        ensure_tables(con)
        yield con
    finally:
        con.close()


def ensure_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make what is missing; another process may be at it at the same time."""
    for attempt in range(_ATTEMPTS):
        try:
            tables.create(con)
            create_models(con, checkout_graph)
        except LedgerConflict:
            if attempt == _ATTEMPTS - 1:
                raise
            # Two that go on in step would meet at the next transaction again.
            time.sleep(random.uniform(0, _PAUSE_SECONDS))
        else:
            return
