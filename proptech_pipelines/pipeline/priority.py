"""Who goes first where CPU is short: the ingest, and the families that somebody waits for."""

import os
import threading

_NICE = 5
"""How far others stand back: a third of the share."""


def stand_back() -> None:
    """Lower the priority of the calling thread and of those that it starts: nice values are a thread's on Linux.

    Call it before DuckDB is opened, whose threads do most of the work.
    """
    thread = threading.get_native_id()
    # Who was started under `nice` stands back further, and may not come forward again.
    os.setpriority(os.PRIO_PROCESS, thread, max(_NICE, os.getpriority(os.PRIO_PROCESS, thread)))
