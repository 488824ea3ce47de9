"""What every embedded service does: start until it answers, stop, and be found again after any crash."""

import os
import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import psutil

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services.process import Command, PidFile, end, log_tail, marked, spawn


class Service(ABC):
    """One detached service of a home folder; `name` is unique within it.

    Its pid file is `<home>/run/<name>.pid`, its log `<home>/logs/<name>.log`. All methods may be called in
    any state and from any process.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    start_timeout_s: ClassVar[float] = 90.0
    stop_timeout_s: ClassVar[float] = 30.0
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.log = self.home / "logs" / f"{self.name}.log"
        self.pid_file = PidFile(self.home / "run" / f"{self.name}.pid")

    @abstractmethod
    def command(self) -> Command:
        """What to start."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the service answers now. Never raises."""

    def prepare(self) -> None:  # noqa: B027 - most services need nothing
        """Make what the first start needs (folders, formats). Called before each start."""

    def check_ports(self) -> None:  # noqa: B027 - some services listen on no port
        """Raise PortTaken if a port that the service needs is held by another process."""

    def process(self) -> psutil.Process | None:
        """The service's first process, if it runs."""
        recorded = self.pid_file.process()
        if recorded is not None:
            return recorded
        return next((item for item in self.members() if self.leads(item)), None)

    def leads(self, process: psutil.Process) -> bool:
        """Whether `process`, one of the service's, is its first: that leads its own session."""
        try:
            return os.getsid(process.pid) == process.pid
        except OSError:
            return False

    def members(self) -> list[psutil.Process]:
        """Every living process of the service, orphans of a killed one included."""
        return marked(self.home, self.name)

    def listens(self, port: int) -> bool:
        """Whether the service itself, not another process, accepts connections on `port`."""
        process = self.process()
        if process is None:
            return False
        try:
            open_sockets = process.net_connections("tcp")
        except psutil.NoSuchProcess:
            return False
        return any(item.status == psutil.CONN_LISTEN and item.laddr.port == port for item in open_sockets)

    def start(self) -> None:
        """Start the service unless it runs, and wait until it answers.

        One that runs and does not answer within `start_timeout_s` (it hangs, or it listens on a port that was changed
        since) is killed and started anew, once. Raises PortTaken, or ServiceError with the last log lines; what was
        started is ended then.
        """
        try:
            if self.process() is None:
                self._spawn()
            if self._answers():
                return
            self.kill()
            self._spawn()
            if not self._answers():
                raise self._failure(f"did not answer within {self.start_timeout_s:.0f} s, twice")
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End the service in an orderly way; what does not go within `stop_timeout_s` is killed."""
        first = self.process()
        if first is not None:
            end([first], self.stop_signal, self.stop_timeout_s)
        if rest := self.members():
            rest = end(rest, signal.SIGTERM, 5)
            end(rest, signal.SIGKILL, 5)
        self.pid_file.remove()

    def kill(self) -> None:
        """End every process of the service with SIGKILL, as a power cut would."""
        processes = {item.pid: item for item in self.members()}
        if first := self.process():
            processes[first.pid] = first
        end(list(processes.values()), signal.SIGKILL, 10)
        self._end_orphans()
        self.pid_file.remove()

    def _end_orphans(self) -> None:
        end(self.members(), signal.SIGKILL, 10)

    def _spawn(self) -> None:
        self._end_orphans()
        for folder in (self.home, self.log.parent, self.pid_file.path.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        self.check_ports()
        self.pid_file.write(spawn(self.command(), self.home, self.name, self.log))

    def _answers(self) -> bool:
        """Wait up to `start_timeout_s`; raises ServiceError if the service ends meanwhile."""
        deadline = time.monotonic() + self.start_timeout_s
        while not self.is_ready():
            if self.process() is None:
                self.check_ports()  # another process may have taken one in the meantime
                raise self._failure("ended before it answered")
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _failure(self, what: str) -> ServiceError:
        tail = log_tail(self.log)
        return ServiceError(
            f"{self.title} {what}.\nLast lines of {self.log}:\n{tail}\n",
            "read the log above, mend the cause, and run `proptech up` again.",
            service=self.name,
        )
