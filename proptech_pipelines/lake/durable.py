"""New data files reach the disk before the commit that names them: DuckDB writes them, and flushes none."""

import os
from contextlib import suppress
from pathlib import Path

_CLOCK_NS = 1_000_000_000
"""A file's time may lie so much before the clock's: the kernel's ticks are coarse, some file systems' are seconds."""

_DATA = ".parquet"
"""No other files: to open and close a catalog in SQLite would let go of its locks."""
_LEAF_LINKS = 2
"""Links to a folder without folders in it; a lake has a folder a table and day. Some file systems always say 1."""


def flush_new_files(folder: Path, since_ns: int) -> int:
    """Flush the data files below `folder` that were made from `since_ns` (`time.time_ns`) on, and their folders.

    Returns how many files. Those of another transaction at the same time are among them, which harms neither.
    """
    files = 0
    folders = [str(folder)]
    while folders:
        path = folders.pop()
        # Another transaction that is rolled back takes its files away meanwhile.
        with suppress(FileNotFoundError):
            state = os.stat(path)
            changed = state.st_mtime_ns >= since_ns - _CLOCK_NS
            if not changed and state.st_nlink == _LEAF_LINKS:
                continue
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir():
                        folders.append(entry.path)
                    elif changed and entry.name.endswith(_DATA):
                        files += _flush_if_new(entry.path, since_ns)
            if changed:
                _flush(path)
    return files


def _flush_if_new(path: str, since_ns: int) -> bool:
    with suppress(FileNotFoundError):
        if os.stat(path).st_mtime_ns >= since_ns - _CLOCK_NS:
            _flush(path)
            return True
    return False


def _flush(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
