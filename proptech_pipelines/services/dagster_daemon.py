"""Dagster's daemon as a service."""

from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psycopg2

from proptech_pipelines.services.dagster_code import DagsterCode
from proptech_pipelines.services.dagster_config import workspace
from proptech_pipelines.services.dagster_webserver import DagsterWebserver
from proptech_pipelines.services.process import Command, end, wait_for_end
from proptech_pipelines.services.python_service import PythonService

_HEARTBEAT_AGE_S = 60


class DagsterDaemon(PythonService):
    """Dagster's daemon: sensors and the run queue."""

    name: ClassVar[str] = "dagster_daemon"
    title: ClassVar[str] = "Dagster's daemon"

    def __init__(self, home: Path, dsn: str, code: DagsterCode, webserver: DagsterWebserver) -> None:
        super().__init__(home)
        self._dsn = dsn
        self._code = code
        self._webserver = webserver

    def command(self) -> Command:
        """The daemon over what the code server has loaded."""
        return self.python("dagster._daemon", "run", "-w", str(workspace(self.home)))

    def stop(self) -> None:
        """Stop the daemon, so that nothing new starts, then have the webserver cancel the runs.

        A run that is merely killed would count as failed.
        """
        if first := self.process():
            end([first], self.stop_signal, self.stop_timeout_s)
        if (workers := self._code.run_workers()) and self._webserver.is_ready():
            with suppress(OSError):  # a webserver that fails now costs the runs their tidy end, nothing else
                self._webserver.cancel_runs()
            wait_for_end(workers, self.stop_timeout_s)
        super().stop()

    def is_ready(self) -> bool:
        """Whether the process runs and its sensor loop has given a sign of life since it started."""
        process = self.process()
        if process is None:
            return False
        query = (
            "select 1 from daemon_heartbeats where daemon_type = 'SENSOR' "
            "and timestamp > greatest(to_timestamp(%s), now() - make_interval(secs => %s)) at time zone 'UTC'"
        )
        try:
            connection = psycopg2.connect(self._dsn)
        except psycopg2.OperationalError:
            return False
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query, (process.create_time(), _HEARTBEAT_AGE_S))
                return cursor.fetchone() is not None
        except psycopg2.errors.UndefinedTable:
            return False
        finally:
            connection.close()
