"""Dagster's storage in PostgreSQL, over connections that are kept.

Out of the box every query of the daemon, the code server and a run opens a connection of its own, ten a second where
nothing happens: a fork of PostgreSQL each.
"""

from dagster._core.storage.config import PostgresStorageConfig
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import pg_url_from_config

_STATEMENT_TIMEOUT_MS = 60_000
_RECYCLE_SECONDS = 3_600
_OVERFLOW = 20


class PooledPostgresStorage(DagsterPostgresStorage):
    """As Dagster's own; each of its three parts keeps a connection, as it does in the webserver anyway."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: PostgresStorageConfig
    ) -> "PooledPostgresStorage":
        """Called by Dagster with the `config` of `dagster.yaml`."""
        storage = cls(pg_url_from_config(config_value), inst_data=inst_data)
        for part in (storage.event_log_storage, storage.run_storage, storage.schedule_storage):
            part.optimize_for_webserver(_STATEMENT_TIMEOUT_MS, _RECYCLE_SECONDS, _OVERFLOW)
        return storage
