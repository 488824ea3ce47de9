"""Detached processes: each in a session of its own, found again by its pid file or its environment.

A pid alone may be reused, so the pid file also holds the process's start time. A process whose pid file was
lost (a kill between start and write) is still found: every process of a service inherits `PROPTECH_HOME` and
`PROPTECH_SERVICE`.
"""

import atexit
import json
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from proptech_pipelines.files import write_whole
from proptech_pipelines.settings import environment_for

SERVICE_MARK = "PROPTECH_SERVICE"
_START_TIME_TOLERANCE_S = 3.0  # the kernel's boot time moves when the clock is corrected
_KEPT_LOG_BYTES = 10 << 20

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Our own children: polled to reap them, kept so that none is collected while it runs."""


@dataclass(frozen=True)
class Command:
    """What to start: `environment` is added to the caller's; `user` is a system user, when we are root."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    cwd: Path | None = None
    user: str | None = None


@dataclass(frozen=True)
class PidFile:
    """The pid and the start time of a service's first process."""

    path: Path

    def write(self, pid: int) -> None:
        """Record `pid`, whole or not at all. A process that has already ended is not recorded."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        write_whole(self.path, json.dumps({"pid": pid, "create_time": started}))

    def process(self) -> psutil.Process | None:
        """The recorded process if it still runs; None for no file, a broken one, or another process's pid."""
        try:
            recorded = json.loads(self.path.read_text())
            process = psutil.Process(int(recorded["pid"]))
            drift = abs(process.create_time() - float(recorded["create_time"]))
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None
        return process if drift < _START_TIME_TOLERANCE_S and is_alive(process) else None

    def remove(self) -> None:
        """Forget the process."""
        self.path.unlink(missing_ok=True)


def spawn(command: Command, home: Path, name: str, log: Path) -> int:
    """Start `command` as service `name` of `home` in a session of its own, its output appended to `log`.

    Returns its pid. A log over 10 MiB is moved to `<log>.1` first. Raises OSError if the program is missing.
    """
    if log.exists() and log.stat().st_size > _KEPT_LOG_BYTES:
        log.replace(log.with_name(log.name + ".1"))
    environment = {**environment_for(home), **command.environment, SERVICE_MARK: name}
    with log.open("ab") as output:
        child = subprocess.Popen(
            command.argv,
            env=environment,
            cwd=command.cwd or home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=command.user,
            group=command.user,
            extra_groups=[] if command.user else None,
        )
    _children[child.pid] = child
    return child.pid


@atexit.register
def _leave_children_running() -> None:
    """Services outlive us on purpose: keep the interpreter from warning about each at its exit."""
    for child in _children.values():
        child.returncode = 0


def is_alive(process: psutil.Process) -> bool:
    """Whether `process` runs. A zombie does not, once its last thread is gone and its ports are free.

    One of our own children is reaped on the way.
    """
    child = _children.get(process.pid)
    if child is not None:
        if child.poll() is None:
            return True
        del _children[process.pid]
        return False
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return process.num_threads() > 1
        return process.is_running()
    except psutil.NoSuchProcess:
        return False


def marked(home: Path, name: str) -> list[psutil.Process]:
    """Every living process of service `name` of `home`, oldest first, whoever its parent is now."""
    return sorted((item for item in psutil.process_iter() if _bears(item, home, name)), key=_age_key)


def _bears(process: psutil.Process, home: Path, name: str) -> bool:
    try:
        environment = process.environ()
    except (psutil.Error, OSError):
        return False
    same = environment.get(SERVICE_MARK) == name and environment.get("PROPTECH_HOME") == str(home)
    return same and is_alive(process)


def _age_key(process: psutil.Process) -> tuple[float, int]:
    try:
        return process.create_time(), process.pid
    except psutil.NoSuchProcess:
        return float("inf"), process.pid


def end(processes: list[psutil.Process], sign: signal.Signals, timeout_s: float) -> list[psutil.Process]:
    """Send `sign` to each process and wait up to `timeout_s`; returns those that still live."""
    for process in processes:
        try:
            process.send_signal(sign)
        except psutil.NoSuchProcess:
            continue
    return wait_for_end(processes, timeout_s)


def wait_for_end(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait up to `timeout_s` until the processes have ended; returns those that still live."""
    deadline = time.monotonic() + timeout_s
    living = [item for item in processes if is_alive(item)]
    while living and time.monotonic() < deadline:
        time.sleep(0.02)
        living = [item for item in living if is_alive(item)]
    return living


def log_tail(log: Path, lines: int = 15) -> str:
    """The last `lines` of `log`, or an empty text if there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
