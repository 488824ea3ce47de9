"""Dagster's webserver as a service."""

import json
import urllib.request
from pathlib import Path
from typing import Any, ClassVar

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services.dagster_code import DagsterCode
from proptech_pipelines.services.dagster_config import workspace
from proptech_pipelines.services.ports import HOST, Ports, require_free
from proptech_pipelines.services.process import Command
from proptech_pipelines.services.python_service import PythonService

_UNFINISHED = """
query {
  runsOrError(filter: {statuses: [STARTING, STARTED, CANCELING]}) { ... on Runs { results { runId } } }
}
"""
_LOCATIONS = """
query {
  workspaceOrError {
    ... on Workspace { locationEntries { locationOrLoadError { ... on PythonError { message } } } }
    ... on PythonError { message }
  }
}
"""
_TERMINATE = """
mutation ($ids: [String!]!, $policy: TerminateRunPolicy!) {
  terminateRuns(runIds: $ids, terminatePolicy: $policy) { __typename }
}
"""


class DagsterWebserver(PythonService):
    """Dagster's web interface."""

    name: ClassVar[str] = "dagster_webserver"
    title: ClassVar[str] = "Dagster's webserver"

    def __init__(self, home: Path, code: DagsterCode, preferred_port: int | None = None) -> None:
        super().__init__(home)
        self._code = code
        self._preferred_port = preferred_port

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
        """The webserver over what the code server has loaded."""
        return self.python(
            "dagster_webserver", "-h", HOST, "-p", str(self.port), "-w", str(workspace(self.home))
        )

    def is_ready(self) -> bool:
        """Whether the web interface answers."""
        if not self.listens(self.port):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/server_info", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def require_definitions(self) -> None:
        """Raise ServiceError with Python's reason if the definitions could not be loaded: nothing would run."""
        workspace = self._graphql(_LOCATIONS, {})["workspaceOrError"]
        entries = workspace.get("locationEntries") or [{"locationOrLoadError": workspace}]
        for message in [(entry["locationOrLoadError"] or {}).get("message") for entry in entries]:
            if message:
                raise ServiceError(
                    f"Dagster cannot load {self._code.definitions}: {message.strip()}",
                    f"mend the cause (the whole traceback is in {self._code.log}), then run `proptech up` again.",
                )

    def mark_abandoned_runs(self) -> list[str]:
        """Mark runs as canceled whose processes a kill took away; returns their ids.

        Only right while no daemon runs and the code server has no run: every run is a child of it.
        """
        return self._terminate("MARK_AS_CANCELED_IMMEDIATELY")

    def cancel_runs(self) -> list[str]:
        """Ask every run to end as canceled, which takes it a moment; returns their ids."""
        return self._terminate("SAFE_TERMINATE")

    def _terminate(self, policy: str) -> list[str]:
        found = self._graphql(_UNFINISHED, {})["runsOrError"].get("results", [])
        ids = [str(item["runId"]) for item in found]
        if ids:
            self._graphql(_TERMINATE, {"ids": ids, "policy": policy})
        return ids

    def _graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["data"]
