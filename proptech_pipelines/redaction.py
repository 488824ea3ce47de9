"""Leaves passwords out of what people and logs see."""

import re

_IN_URL = re.compile(r"(://[^\s/:@]*:)\S*@")
_IN_LIBPQ = re.compile(r"(password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s'\"]+)", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text` with `***` for the password of each URL and libpq string in it."""
    return _IN_LIBPQ.sub(r"\1***", _IN_URL.sub(r"\1***@", text))
