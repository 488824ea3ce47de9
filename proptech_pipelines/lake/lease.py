"""Leases: who may do a thing now, kept by PostgreSQL as advisory locks, so that a killed holder lets go at once.

A lease only saves work; that no row is lost or doubled rests on the heads of the ledger alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg2
import psycopg2.errors

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.lake.connection import catalog_source
from proptech_pipelines.settings import Settings

STREAM = "stream"
INGEST_LEASE = "ingest"
"""Held for the length of one transaction of the ingest."""
_NAMESPACE = "hashtext('proptech_pipelines')"


def family_lease(family: str) -> str:
    """Name of the lease that a transaction of `family` holds."""
    return f"family:{family}"


def rebuild_lease(family: str) -> str:
    """Name of the lease under which days of `family` are derived again."""
    return f"rebuild:{family}"


def outbox_lease(name: str) -> str:
    """Name of the lease under which outbox `name` is published."""
    return f"outbox:{name}"


class Leases:
    """Leases of one process, on a connection of their own. Not for use by two threads at once.

    On a SQLite catalog, which one process carries about, every lease is granted at once.
    """

    def __init__(self, settings: Settings) -> None:
        self._con = None
        if catalog_source(settings.catalog).startswith("postgres:"):
            try:
                self._con = psycopg2.connect(settings.catalog)
            except psycopg2.Error as error:
                raise ServiceError("PostgreSQL cannot be reached.", "run `proptech status`.") from error
            self._con.autocommit = True
            self._ask("set lock_timeout = '500ms'")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything held."""
        if self._con is not None:
            self._con.close()
            self._con = None

    def acquire(self, name: str, give_up: Callable[[], bool] = lambda: False) -> bool:
        """Wait in line for `name`; True when held, False when `give_up` said so. Waiting is what `wanted` shows."""
        while not give_up():
            try:
                self._ask(f"select pg_advisory_lock({_NAMESPACE}, hashtext(%s))", name)
            except psycopg2.errors.LockNotAvailable:
                # PostgreSQL keeps a lock of the session that was granted in the very moment in which the wait for it
                # timed out. Taken once more it would be held twice, and still be held after its release.
                if not self._any(name, granted=True, own=True):
                    continue
            return True
        return False

    def release(self, name: str) -> None:
        """Let the next in line have `name`."""
        self._ask(f"select pg_advisory_unlock({_NAMESPACE}, hashtext(%s))", name)

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold `name` inside the block."""
        self.acquire(name)
        try:
            yield
        finally:
            self.release(name)

    def is_held(self, name: str) -> bool:
        """Whether anyone holds `name`."""
        return self._any(name, granted=True)

    def wanted(self, name: str) -> bool:
        """Whether anyone waits for `name`."""
        return self._any(name, granted=False)

    def _any(self, name: str, *, granted: bool, own: bool = False) -> bool:
        # The halves of the key are shown as unsigned.
        return bool(
            self._ask(
                "select count(*) from pg_locks where locktype = 'advisory' and granted = %s "
                f"and classid::bigint = ({_NAMESPACE}::bigint & 4294967295) "
                "and objid::bigint = (hashtext(%s)::bigint & 4294967295) "
                "and database = (select oid from pg_database where datname = current_database())"
                f"{' and pid = pg_backend_pid()' if own else ''}",
                granted,
                name,
            )
        )

    def _ask(self, sql: str, *values: object) -> int:
        if self._con is None:
            return 0
        with self._con.cursor() as cursor:
            cursor.execute(sql, values)
            row = cursor.fetchone() if cursor.description else None
        return int(row[0]) if row and isinstance(row[0], int) else 0
