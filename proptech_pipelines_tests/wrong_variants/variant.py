"""What a wrong variant is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from proptech_pipelines_tests.aimed_logs import Batches
from proptech_pipelines_tests.equivalence import FAMILIES

Way = Literal["stream", "fold", "rebuild", "made again"]


@dataclass(frozen=True)
class WrongVariant:
    """One edit of a model or of a function that makes some row wrong."""

    name: str
    file: str
    find: str
    replace: str
    log: Callable[[], Batches]
    way: Way = "stream"
    families: tuple[str, ...] = FAMILIES
    """The families that take the log in, and whose tables are compared."""
    is_conserving: bool = False
    """Whether folds keep their `[conserves]`, by which records are re-admitted and rows conserved."""

    def __str__(self) -> str:
        return self.name
