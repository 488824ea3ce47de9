"""Runs the commands of compose.yaml as processes of this machine, on loopback addresses."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from proptech_pipelines.services.dagster_config import sqlalchemy_url
from proptech_pipelines.services.process import end
from proptech_pipelines.services.testing_stack import Stack
from proptech_pipelines_tests.docker.files import FOLDER, ROOT, services

_PATIENCE_SECONDS = 240.0


def healthcheck(name: str, changes: Mapping[str, str] | None = None) -> list[str]:
    """The health check of a service, with words and parts of words exchanged as `changes` says."""
    kind, *words = services()[name]["healthcheck"]["test"]
    assert kind == "CMD"
    return exchanged(words, changes or {})


def command(name: str, changes: Mapping[str, str]) -> list[str]:
    """The command of a service, with words and parts of words exchanged as `changes` says."""
    return exchanged(services()[name]["command"], changes)


def exchanged(words: Sequence[str], changes: Mapping[str, str]) -> list[str]:
    """`words` with each key of `changes` replaced by its value."""
    found = []
    for word in words:
        for old, new in changes.items():
            word = word.replace(old, new)  # noqa: PLW2901
        found.append(word)
    return found


def environment(stack: Stack, home: Path) -> dict[str, str]:
    """The variables of our containers, leading to `stack` and a fresh lake and instance in `home`."""
    dsn = {name: stack.postgres.dsn(f"docker_{name}") for name in ("lake", "dagster")}
    for name in dsn:
        stack.postgres.create_database(f"docker_{name}")
    instance = home / "instance"
    instance.mkdir(parents=True)
    text = (FOLDER / "dagster.yaml").read_text().replace("/var/lib/proptech", str(home))
    (instance / "dagster.yaml").write_text(text)
    own = {key: value for key, value in os.environ.items() if not key.startswith(("PROPTECH_", "DAGSTER_"))}
    return {
        **own,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PROPTECH_HOME": str(home),
        "PROPTECH_BOOTSTRAP_SERVERS": stack.settings.bootstrap_servers,
        "PROPTECH_SCHEMA_REGISTRY_URL": stack.settings.schema_registry_url,
        "PROPTECH_CATALOG": dsn["lake"],
        "DAGSTER_POSTGRES_URL": sqlalchemy_url(dsn["dagster"]),
        "DAGSTER_HOME": str(instance),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


@contextmanager
def running(words: Sequence[str], variables: Mapping[str, str], log: Path) -> Iterator[psutil.Process]:
    """The command as a process; it and all that it started are ended at the end, as a container's are."""
    program = shutil.which(words[0], path=variables["PATH"])
    assert program is not None, words[0]
    with log.open("wb") as output:
        child = subprocess.Popen(
            [program, *words[1:]], env=variables, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    process = psutil.Process(child.pid)
    try:
        yield process
    finally:
        family = [*process.children(recursive=True), process] if process.is_running() else []
        if family:
            end([process], signal.SIGTERM, 20)
            end(family, signal.SIGKILL, 10)
        child.wait()


def passes(words: Sequence[str], variables: Mapping[str, str]) -> bool:
    """Whether a health check says that all is well."""
    return (
        subprocess.run(words, env=dict(variables), capture_output=True, timeout=60, check=False).returncode
        == 0
    )


def wait_until(condition: Callable[[], bool], what: str, log: Path) -> None:
    """Fail with the end of `log` if `condition` does not come true."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} not within {_PATIENCE_SECONDS:.0f} s:\n{log.read_text()[-3000:]}")
        time.sleep(0.5)
