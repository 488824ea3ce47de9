"""Dagster's daemon as a service. Its code server speaks over a UNIX socket."""

from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg2

from proptech_pipelines.services.dagster_webserver import DEFINITIONS, DagsterWebserver, code_location
from proptech_pipelines.services.process import Command, end, wait_for_end
from proptech_pipelines.services.python_service import PythonService

_HEARTBEAT_AGE_S = 60


class DagsterDaemon(PythonService):
    """Dagster's daemon: sensors, the run queue, and through its code server the runs themselves."""

    name: ClassVar[str] = "dagster_daemon"
    title: ClassVar[str] = "Dagster's daemon"

    def __init__(
        self, home: Path, dsn: str, webserver: DagsterWebserver, definitions: str = DEFINITIONS
    ) -> None:
        super().__init__(home)
        self._dsn = dsn
        self._webserver = webserver
        self._definitions = definitions

    def command(self) -> Command:
        """The daemon over the package's definitions."""
        return self.python("dagster._daemon", "run", *code_location(self._definitions))

    def stop(self) -> None:
        """Stop the daemon, so that nothing new starts, then have the webserver cancel its runs.

        A run that is merely killed would count as failed.
        """
        if first := self.process():
            end([first], self.stop_signal, self.stop_timeout_s)
        if (workers := self._run_workers()) and self._webserver.is_ready():
            with suppress(OSError):  # a webserver that fails now costs the runs their tidy end, nothing else
                self._webserver.cancel_runs()
            wait_for_end(workers, self.stop_timeout_s)
        super().stop()

    def _run_workers(self) -> list[psutil.Process]:
        """The first process of each run: a child of a code server, which ends those of its steps."""
        servers = {item.pid for item in self.members() if "grpc" in _arguments(item)}
        return [
            item for item in self.members() if _parent(item) in servers and "spawn_main" in _arguments(item)
        ]

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


def _arguments(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return None
