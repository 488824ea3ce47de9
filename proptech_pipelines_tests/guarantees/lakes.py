"""Lakes of their own on a running stack, and a child process that runs the stream on one."""

import os
import shutil
import signal
import subprocess
import sys
import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2

from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.services.testing_stack import Stack
from proptech_pipelines.settings import Settings, environment_for

_TEMPLATE = "lake_template"


def empty_database(stack: Stack, folder: Path) -> Settings:
    """Settings of a lake in `folder` that nobody has made yet, on the stack's services; stored in `folder`."""
    return _settings(stack, folder, "create database {}")


def fresh_lake(stack: Stack, folder: Path) -> Settings:
    """Settings of an empty lake in `folder`, on the stack's services; stored in `folder`.

    A copy of one that is made once a stack: to make one takes ten times as long.
    """
    template = stack.settings.home / "template"
    if not template.exists():
        stack.postgres.create_database(_TEMPLATE)
        with open_lake(replace(stack.settings, home=template, catalog=stack.postgres.dsn(_TEMPLATE))):
            pass
    settings = _settings(stack, folder, f"create database {{}} template {_TEMPLATE}")
    shutil.copytree(template, folder, dirs_exist_ok=True)
    with closing(connect(settings)) as con:
        con.execute("update lake_version set lake_id = ?", [str(uuid.uuid4())])
    return settings


def _settings(stack: Stack, folder: Path, create: str) -> Settings:
    database = f"lake_{uuid.uuid4().hex[:12]}"
    with closing(psycopg2.connect(stack.postgres.dsn("postgres"))) as connection:
        connection.autocommit = True
        connection.cursor().execute(create.format(database))
    settings = replace(stack.settings, home=folder, catalog=stack.postgres.dsn(database), data_path="")
    settings.store()
    return settings


class Child:
    """A process group of its own that works on a home folder. `die_at` kills it before its nth statement."""

    module = ""

    def __init__(self, settings: Settings, die_at: int | None = None, *, drain: bool = False) -> None:
        options = [
            *(["--die-at", str(die_at)] if die_at is not None else []),
            *(["--drain"] if drain else []),
        ]
        self._log = (settings.home / f"{self.module}.log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                f"proptech_pipelines_tests.guarantees.{self.module}",
                str(settings.home),
                *options,
            ],
            env=environment_for(settings.home),
            cwd=Path(__file__).parents[2],
            start_new_session=True,
            stdout=self._log,
            stderr=self._log,
        )

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()

    def wait(self, seconds: float = 120) -> int:
        """Wait for the end; the exit code. One that takes longer is killed, and leaves nothing behind."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise
        finally:
            self._log.close()


class StreamChild(Child):
    """A stream run, which `drain` ends at the head of the topics."""

    module = "stream_child"


class PlanChild(Child):
    """Carries out the plan that leads to this installation's models."""

    module = "plan_child"


class BackfillChild(Child):
    """Backfills all that reads price changes, on the last 40 days."""

    module = "backfill_child"
