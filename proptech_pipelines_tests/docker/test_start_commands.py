"""The very commands of the containers, run by hand: from empty servers to rows in the lake and a canceled run."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from proptech_pipelines.lake.connection import connect
from proptech_pipelines.services.artifacts import kafka_jars
from proptech_pipelines.services.java import java_command
from proptech_pipelines.services.ports import Ports
from proptech_pipelines.services.progress import Quiet
from proptech_pipelines.services.topics_setup import broker_answers
from proptech_pipelines.settings import Settings
from proptech_pipelines_tests.docker.by_hand import (
    command,
    environment,
    exchanged,
    healthcheck,
    passes,
    running,
    wait_until,
)
from proptech_pipelines_tests.docker.files import FOLDER, ROOT, services

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

RUNS = "query { runsOrError { ... on Runs { results { runId status } } } }"
LOCATIONS = "query { workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } } }"
CANCEL = "mutation ($ids: [String!]!) { terminateRuns(runIds: $ids) { __typename } }"


@dataclass(frozen=True)
class Platform:
    """The running containers' commands; `changes` turns their addresses into ours."""

    home: Path
    variables: dict[str, str]
    changes: dict[str, str]
    daemon: ExitStack

    def graphql(self, query: str, **variables: object) -> dict:
        """What the webserver answers."""
        port = self.changes["3000"]
        body = json.dumps({"query": query, "variables": variables}).encode()
        address, kind = f"http://127.0.0.1:{port}/graphql", {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(address, body, kind), timeout=60) as answer:
            return json.load(answer)["data"]

    def statuses(self) -> dict[str, str]:
        """Runs and their states."""
        return {run["runId"]: run["status"] for run in self.graphql(RUNS)["runsOrError"]["results"]}


@pytest.fixture(scope="module")
def platform(stack, tmp_path_factory) -> Iterator[Platform]:
    home = tmp_path_factory.mktemp("docker")
    variables, ports = environment(stack, home), Ports(home)
    changes = {name: str(ports.get(f"docker_{name}")) for name in ("3000", "4000")}
    changes |= {"0.0.0.0": "127.0.0.1", "dagster-code": "127.0.0.1", "/opt/proptech": str(ROOT)}
    (text,) = exchanged([(FOLDER / "workspace.yaml").read_text()], changes)
    (home / "workspace.yaml").write_text(text)
    changes["/opt/dagster"] = str(home)
    done = subprocess.run(
        command("setup", changes), env=variables, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with ExitStack() as others, ExitStack() as daemon:
        for name in ("dagster-code", "dagster-webserver", "dagster-daemon", "simulator"):
            log = home / f"{name}.log"
            stack_of = daemon if name == "dagster-daemon" else others
            stack_of.enter_context(running(command(name, changes), variables, log))
            if "healthcheck" in services()[name]:
                check = healthcheck(name, changes)
                wait_until(lambda check=check: passes(check, variables), f"{name} healthy", log)
        yield Platform(home, variables, changes, daemon)


def test_containers_bring_records_into_the_lake(platform):
    (entry,) = platform.graphql(LOCATIONS)["workspaceOrError"]["locationEntries"]
    assert entry == {"name": "proptech_pipelines", "loadStatus": "LOADED"}
    settings = Settings(home=platform.home, catalog=platform.variables["PROPTECH_CATALOG"])

    def has_rows() -> bool:
        con = connect(settings, read_only=True)
        try:
            return con.execute("select count(*) from event_log").fetchone() > (0,)
        finally:
            con.close()

    wait_until(has_rows, "rows in event_log", platform.home / "dagster-code.log")


def test_webserver_cancels_a_run_of_the_code_server(platform):
    def started() -> list[str]:
        return [name for name, status in platform.statuses().items() if status == "STARTED"]

    log = platform.home / "dagster-code.log"
    wait_until(lambda: bool(started()), "a run", log)
    platform.daemon.close()
    ids = started()
    platform.graphql(CANCEL, ids=ids)
    wait_until(lambda: {platform.statuses()[name] for name in ids} == {"CANCELED"}, "CANCELED", log)


def test_kafka_starts_with_the_variables_of_its_container(tmp_path):
    ports = Ports(tmp_path)
    changes = {f":{number}": f":{ports.get(number)}" for number in ("19092", "9092", "9093")}
    changes |= {"//:": "//127.0.0.1:", "@kafka": "@127.0.0.1", "//kafka": "//127.0.0.1"}
    changes["/var/lib/kafka/data"] = str(tmp_path / "data")
    # As the image's own start script makes properties of variables.
    lines = [
        f"{key.removeprefix('KAFKA_').lower().replace('_', '.')}={exchanged([value], changes)[0]}"
        for key, value in services()["kafka"]["environment"].items()
        if key != "KAFKA_HEAP_OPTS"
    ]
    properties, log = tmp_path / "server.properties", tmp_path / "kafka.log"
    properties.write_text("\n".join(lines))
    java = {"max_heap_mib": 512, "class_path": kafka_jars(Quiet())}
    options = ("format", "--cluster-id=5L6g3nShT-eMCtK--X86sw", "-c", str(properties))
    formatting = java_command("kafka.tools.StorageTool", *options, **java)
    formatted = subprocess.run(formatting, capture_output=True, check=False)
    assert formatted.returncode == 0, formatted.stderr
    with running(java_command("kafka.Kafka", str(properties), **java), {"PATH": "/usr/bin:/bin"}, log):
        address = f"127.0.0.1:{ports.get('9092')}"
        wait_until(lambda: broker_answers(address), "metadata from Kafka", log)


def test_health_check_of_the_registry_tells_one_that_answers(stack):
    port = str(stack.registry.port)
    assert passes(healthcheck("registry", {"8080": port}), {"PATH": "/usr/bin:/bin"})
    assert not passes(
        healthcheck("registry", {"8080": port, "subjects": "nothing"}), {"PATH": "/usr/bin:/bin"}
    )
    assert not passes(healthcheck("registry", {"8080": "1"}), {"PATH": "/usr/bin:/bin"})
