"""Runs the stream on a home folder, perhaps to be killed at a chosen statement of a transaction.

python -m proptech_pipelines_tests.guarantees.stream_child HOME [--die-at N] [--drain]
"""

import argparse
import itertools
import logging
import os
import signal
from pathlib import Path

from proptech_pipelines.pipeline import stream
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--die-at", type=int)
    parser.add_argument("--drain", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    if options.die_at is not None:
        count = itertools.count()
        plain = stream.cursor
        stream.cursor = lambda con: DyingConnection(plain(con), count, options.die_at)
    summary = stream.StreamRun(Settings.load(options.home)).run(lambda: False, drain=options.drain)
    for error in summary.halted.values():
        raise error


if __name__ == "__main__":
    main()
