"""A redrive as a person or a job asks for it, from settings to what came of it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field

from proptech_pipelines.contracts.registry import Registry
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.wire import SchemaKey
from proptech_pipelines.errors import RegistryUnavailable, SettingsError
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.letters import COPY, Choice
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.redrive import LookUp, Redriven, Redriver
from proptech_pipelines.pipeline.redrive_plan import DEFAULT_ATTEMPTS
from proptech_pipelines.settings import Settings


@dataclass(frozen=True)
class Request:
    """What to redrive. `value`, in the wire format, is for the one letter that the choice names."""

    choice: Choice = field(default_factory=Choice)
    max_letters: int | None = None
    max_attempts: int = DEFAULT_ATTEMPTS
    value: bytes | None = None
    dry_run: bool = False


@dataclass
class Line:
    """What came of the letters of one topic and former reason; `failed` counts them by the reason they have now."""

    topic: str
    reason: str
    letters: int = 0
    staged: int = 0
    parked: int = 0
    failed: Counter[str] = field(default_factory=Counter[str])


def redrive_letters(settings: Settings, request: Request) -> Redriven:
    """Redrive what `request` asks for, beside a running stream or without one, and without Kafka.

    Raises SettingsError for a value without exactly one named letter, and what `Redriver.redrive` raises.
    """
    if request.value is not None and len(request.choice.named) != 1:
        raise SettingsError("A value is for one letter alone.", "name that letter.")
    with ExitStack() as stack:
        if request.dry_run:
            con = stack.enter_context(closing(connect(settings, read_only=True)))
        else:
            con = stack.enter_context(open_lake(settings))
        look_up = stack.enter_context(registry_look_up(settings))
        leases = stack.enter_context(Leases(settings))
        redriver = Redriver(con, look_up, Limits.of(settings), request.max_attempts, leases)
        if request.choice.reason == COPY and not request.dry_run:
            return redriver.redrive_copies()
        return redriver.redrive(
            request.choice, max_letters=request.max_letters, value=request.value, dry_run=request.dry_run
        )


@contextmanager
def registry_look_up(settings: Settings) -> Iterator[LookUp]:
    """What asks the registry for a schema; without a registry it raises RegistryUnavailable when it is asked."""
    if not settings.schema_registry_url:
        yield _no_registry
        return
    with closing(Registry(settings.schema_registry_url)) as registry:
        yield registry.schema


def _no_registry(key: SchemaKey) -> str | None:
    raise RegistryUnavailable(
        f"The log has not resolved schema {key}, and no schema registry is known.",
        "run `proptech up`, or set PROPTECH_SCHEMA_REGISTRY_URL.",
    )


def lines(redriven: Redriven) -> list[Line]:
    """The histogram of what came of it, the most letters first."""
    found: dict[tuple[str, str], Line] = {}
    for item in redriven.outcomes:
        letter = item.trial.letter
        line = found.setdefault((letter.topic, letter.reason), Line(letter.topic, letter.reason))
        line.letters += 1
        line.staged += item.outcome == "staged"
        line.parked += item.outcome == "parked"
        if item.reason is not None:
            line.failed[item.reason] += 1
    return sorted(found.values(), key=lambda line: (-line.letters, line.topic, line.reason))
