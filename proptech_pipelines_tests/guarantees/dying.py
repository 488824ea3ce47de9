"""Work on a home folder by a process that may be killed at a chosen statement."""

import argparse
import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

from proptech_pipelines.lake.connection import cursor
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.settings import Settings


class DyingConnection:
    """A connection that kills its process before the nth of all statements of all such connections."""

    def __init__(self, connection, count, die_at):
        self._connection = connection
        self._count = count
        self._die_at = die_at

    def execute(self, *arguments):
        if next(self._count) == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._connection.execute(*arguments)

    def __getattr__(self, name):
        return getattr(self._connection, name)


def parser() -> argparse.ArgumentParser:
    """HOME [--die-at N]"""
    found = argparse.ArgumentParser()
    found.add_argument("home", type=Path)
    found.add_argument("--die-at", type=int)
    return found


def on_lake(work: Callable) -> None:
    """Call `work` with a connection to the lake that the command line names, its leases and its settings."""
    options = parser().parse_args()
    settings = Settings.load(options.home)
    with open_lake(settings) as whole, Leases(settings) as leases:
        con = cursor(whole)
        if options.die_at is not None:
            con = DyingConnection(con, itertools.count(), options.die_at)
        work(con, leases, settings)
