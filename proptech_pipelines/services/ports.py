"""Loopback ports: chosen free once, kept in `ports.json`, and named with their holder when taken."""

import json
import random
import socket
from pathlib import Path

import psutil

from proptech_pipelines.errors import PortTaken, SettingsError
from proptech_pipelines.files import write_whole

HOST = "127.0.0.1"
_RANGE = range(20_000, 30_000)  # below what systems hand to outgoing connections


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(port: int, what: str) -> None:
    """Raise PortTaken, with the holder's name and pid where they can be seen, if `port` is not free."""
    if is_free(port):
        return
    holder = _holder(port)
    named = f"{holder.name()} (pid {holder.pid})" if holder else "another process"
    raise PortTaken(
        f"Port {port} of {HOST}, meant for {what}, is held by {named}.",
        "end that process, or write another port into ports.json in the home folder.",
        port=port,
        pid=holder.pid if holder else None,
    )


def _holder(port: int) -> psutil.Process | None:
    try:
        for item in psutil.net_connections("tcp"):
            if item.status == psutil.CONN_LISTEN and item.laddr and item.laddr.port == port and item.pid:
                return psutil.Process(item.pid)
    except psutil.Error:  # some systems show only one's own processes
        return None
    return None


class Ports:
    """The ports of one home folder, by name. The first caller of a name settles it for good."""

    def __init__(self, home: Path) -> None:
        self._path = home / "ports.json"

    def get(self, name: str, preferred: int | None = None) -> int:
        """The port `name`; on first use `preferred` if it is free and unassigned, else a random free one."""
        known = self._read()
        if name in known:
            return known[name]
        taken = set(known.values())
        if preferred is None or preferred in taken or not is_free(preferred):
            preferred = next(port for port in _shuffled() if port not in taken and is_free(port))
        known[name] = preferred
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, json.dumps(known, indent=2) + "\n")
        return preferred

    def _read(self) -> dict[str, int]:
        if not self._path.exists():
            return {}
        try:
            return {str(name): int(port) for name, port in json.loads(self._path.read_text()).items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise SettingsError(
                f"{self._path} is not a JSON object of port numbers ({error}).",
                "mend it, or delete it: ports are chosen anew then.",
            ) from error


def _shuffled() -> list[int]:
    return random.SystemRandom().sample(_RANGE, len(_RANGE))
