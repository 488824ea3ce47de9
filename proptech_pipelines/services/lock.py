"""One `up` or `down` at a time in a home folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proptech_pipelines.errors import ServiceError


@contextmanager
def exclusive(home: Path) -> Iterator[None]:
    """Hold the home folder's lock; the kernel frees it when the process ends, however it ends.

    Raises ServiceError, naming the holder's pid, if another process holds it.
    """
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise ServiceError(
                f"Another `proptech up` or `proptech down` (pid {holder}) is at work in {home}.",
                "wait until it is done, then run the command again.",
                pid=holder,
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
