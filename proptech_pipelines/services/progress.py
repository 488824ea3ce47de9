"""How slow work tells a person where it stands; the CLI draws it, tests keep quiet."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Progress(Protocol):
    """Told of every slow step."""

    def step(self, text: str) -> AbstractContextManager[object]:
        """A step of unknown length runs inside the context."""
        ...

    def download(self, name: str, total_bytes: int) -> AbstractContextManager[Callable[[int], None]]:
        """A download of `total_bytes` runs inside the context; call the value with each part's size."""
        ...

    def done(self, text: str) -> None:
        """Something came to a good end."""
        ...


class Quiet:
    """Shows nothing."""

    def step(self, text: str) -> AbstractContextManager[object]:
        """Nothing to show."""
        return nullcontext(text)

    def download(self, name: str, total_bytes: int) -> AbstractContextManager[Callable[[int], None]]:
        """Nothing to show."""
        return nullcontext(lambda _size: None)

    def done(self, text: str) -> None:
        """Nothing to show."""
