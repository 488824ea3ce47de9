"""Runs the stream on a home folder, perhaps to be killed at a chosen statement of a transaction.

python -m proptech_pipelines_tests.guarantees.stream_child HOME [--die-at N] [--drain]
"""

import itertools
import logging

from proptech_pipelines.pipeline import stream
from proptech_pipelines.settings import Settings
from proptech_pipelines_tests.guarantees.dying import DyingConnection, parser


def main() -> None:
    arguments = parser()
    arguments.add_argument("--drain", action="store_true")
    options = arguments.parse_args()
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
