"""Dagster's webserver and daemon as services. Their code servers speak over UNIX sockets."""

import json
import urllib.request
from pathlib import Path
from typing import Any, ClassVar

import psycopg2

from proptech_pipelines.services.ports import HOST, Ports, answers, require_free
from proptech_pipelines.services.process import Command
from proptech_pipelines.services.python_service import SOURCE_ROOT, PythonService

DEFINITIONS = "proptech_pipelines.definitions"
_HEARTBEAT_AGE_S = 60
_UNFINISHED = """
query {
  runsOrError(filter: {statuses: [STARTING, STARTED, CANCELING]}) { ... on Runs { results { runId } } }
}
"""
_TERMINATE = """
mutation ($ids: [String!]!) {
  terminateRuns(runIds: $ids, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename }
}
"""


class DagsterWebserver(PythonService):
    """Dagster's web interface."""

    name: ClassVar[str] = "dagster_webserver"
    title: ClassVar[str] = "Dagster's webserver"

    def __init__(self, home: Path, preferred_port: int | None = None, definitions: str = DEFINITIONS) -> None:
        super().__init__(home)
        self._preferred_port = preferred_port
        self._definitions = definitions

    @property
    def port(self) -> int:
        """Where browsers connect."""
        return Ports(self.home).get("dagster", self._preferred_port)

    @property
    def url(self) -> str:
        """The address for a browser."""
        return f"http://{HOST}:{self.port}"

    def check_ports(self) -> None:
        """Raise PortTaken for the browser's port."""
        require_free(self.port, self.title)

    def command(self) -> Command:
        """The webserver over the package's definitions."""
        return self.python(
            "dagster_webserver", "-h", HOST, "-p", str(self.port), *_code_location(self._definitions)
        )

    def is_ready(self) -> bool:
        """Whether the web interface answers."""
        if not answers(self.port):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/server_info", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def cancel_abandoned_runs(self) -> list[str]:
        """Mark runs as canceled whose processes a kill took away; returns their ids.

        Only right while no daemon runs: every run is a child of the daemon's code server.
        """
        found = self._graphql(_UNFINISHED, {})["runsOrError"].get("results", [])
        ids = [str(item["runId"]) for item in found]
        if ids:
            self._graphql(_TERMINATE, {"ids": ids})
        return ids

    def _graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["data"]


class DagsterDaemon(PythonService):
    """Dagster's daemon: sensors, the run queue, and through its code server the runs themselves."""

    name: ClassVar[str] = "dagster_daemon"
    title: ClassVar[str] = "Dagster's daemon"

    def __init__(self, home: Path, dsn: str, definitions: str = DEFINITIONS) -> None:
        super().__init__(home)
        self._dsn = dsn
        self._definitions = definitions

    def command(self) -> Command:
        """The daemon over the package's definitions."""
        return self.python("dagster._daemon", "run", *_code_location(self._definitions))

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


def _code_location(definitions: str) -> tuple[str, ...]:
    return "-m", definitions, "-d", str(SOURCE_ROOT)
