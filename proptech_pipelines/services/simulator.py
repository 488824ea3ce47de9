"""The simulator as a service: a producer like any other."""

import time
from pathlib import Path
from typing import ClassVar

from proptech_pipelines.services.process import Command
from proptech_pipelines.services.python_service import PythonService

_SETTLED_S = 2.0


class Simulator(PythonService):
    """`python -m proptech_pipelines.simulator`, reading the settings of its home folder."""

    name: ClassVar[str] = "simulator"
    title: ClassVar[str] = "The simulator"

    def __init__(self, home: Path, events_per_second: int) -> None:
        super().__init__(home)
        self._events_per_second = events_per_second

    def command(self) -> Command:
        """The simulator at its rate."""
        rate = str(self._events_per_second)
        return self.python("proptech_pipelines.simulator", "--events-per-second", rate)

    def has_another_rate(self) -> bool:
        """Whether it runs, but at another rate than this one's."""
        process = self.process()
        return process is not None and tuple(process.cmdline()) != self.command().argv

    def is_ready(self) -> bool:
        """Whether it has run for 2 s: what is wrong with its settings it finds out sooner."""
        process = self.process()
        return process is not None and time.time() - process.create_time() > _SETTLED_S
