"""One connection to read the lake with that a process keeps, for who looks every few seconds.

To load DuckDB's extensions and to attach the lake takes 0.4 s and 0.6 seconds of CPU time, reading positions 0.03 s.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import duckdb

from proptech_pipelines.lake.connection import Connection, connect, cursor
from proptech_pipelines.settings import Settings

_T = TypeVar("_T")
_LOCK = threading.Lock()
_KEPT: dict[tuple[str, Path], duckdb.DuckDBPyConnection] = {}
"""By catalog and folder: of the lake that was read last, and of no other."""


def read_kept(settings: Settings, ask: Callable[[Connection], _T]) -> _T:
    """What `ask` reads from the lake of `settings`; asked again on a new connection if the kept one has broken.

    Raises as `connect` does.
    """
    lake = (settings.catalog, settings.lake_path)
    # PostgreSQL was away meanwhile, say; what is wrong with the question shows again below.
    with suppress(duckdb.Error):
        if (kept := _kept_cursor(lake)) is not None:
            with kept:
                return ask(kept)
    con = connect(settings, read_only=True)
    with _LOCK:
        forget()
        _KEPT[lake] = con
        own = cursor(con)
    with own:
        return ask(own)


def _kept_cursor(lake: tuple[str, Path]) -> duckdb.DuckDBPyConnection | None:
    with _LOCK:
        con = _KEPT.get(lake)
        return None if con is None else cursor(con)


def forget() -> None:
    """Close the connection that is kept; who reads on it at this moment has one of its own."""
    while _KEPT:
        _KEPT.popitem()[1].close()
