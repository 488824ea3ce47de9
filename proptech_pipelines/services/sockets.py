"""Where services that listen on no port have their UNIX sockets."""

import hashlib
import os
import re
import tempfile
from pathlib import Path

_LONGEST_PATH = 100  # the kernel's limit is 107
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")


def socket_folder(home: Path, service: str, socket: str) -> Path:
    """The folder of `socket`: `<home>/run/<service>`, or a short one of `home` where clients would not take that path.

    It is too long for the kernel then, or has a character at which they would part it (a comma) or decode it (%).
    """
    folder = home / "run" / service
    if len(os.fsencode(folder / socket)) <= _LONGEST_PATH and _PLAIN.fullmatch(str(folder)):
        return folder
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"proptech-{digest}"
