"""Dagster's code server as a service: the one process that loads the definitions, and the parent of all runs."""

import socket
from pathlib import Path
from typing import ClassVar

import psutil

from proptech_pipelines.services.process import Command
from proptech_pipelines.services.python_service import SOURCE_ROOT, PythonService
from proptech_pipelines.services.sockets import socket_folder

DEFINITIONS = "proptech_pipelines.definitions"
_SOCKET = "code.sock"


class DagsterCode(PythonService):
    """Webserver and daemon ask it by a UNIX socket for definitions, ticks and runs. *Reload* loads the code again."""

    name: ClassVar[str] = "dagster_code"
    title: ClassVar[str] = "Dagster's code server"

    def __init__(self, home: Path, definitions: str = DEFINITIONS) -> None:
        super().__init__(home)
        self.definitions = definitions
        self.socket = socket_folder(self.home, self.name, _SOCKET) / _SOCKET

    def prepare(self) -> None:
        """Make the socket's folder, and remove the socket that a killed one left."""
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)

    def command(self) -> Command:
        """The server over the package's definitions, in a checkout as when installed."""
        return self.python(
            *("dagster", "code-server", "start", "--socket", str(self.socket)),
            *("-m", self.definitions, "-d", str(SOURCE_ROOT), "--location-name", self.definitions),
        )

    def is_ready(self) -> bool:
        """Whether it accepts connections, which it does once the definitions are loaded or have failed to load."""
        if self.process() is None:
            return False
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket))
            except OSError:
                return False
        return True

    def run_workers(self) -> list[psutil.Process]:
        """The first process of each run: a child of a server, which ends those of its steps."""
        servers = {item.pid for item in self.members() if "grpc" in _arguments(item)}
        return [
            item for item in self.members() if _parent(item) in servers and "spawn_main" in _arguments(item)
        ]


def _arguments(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return None
