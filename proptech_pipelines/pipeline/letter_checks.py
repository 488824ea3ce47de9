"""Checks of dead letters: how many there are, how fast they grow, and whether a redrive would mend some by now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.letter_figures import Depth
from proptech_pipelines.lake.letters import Choice
from proptech_pipelines.pipeline.redrive import LookUp, Redriver
from proptech_pipelines.pipeline.redrive_run import lines

MOST_PERCENT = 1.0
"""Open letters, copies left out, of a hundred records of the log."""
FEW = 100
"""So many letters are never too many: a young log has few records, and a quiet day few letters."""
MOST_GROWTH = 3
"""The letters of a day may be so many times those of the day before."""
SCHEMA_REASONS = (
    DeadLetterReason.UNKNOWN_SCHEMA_ID,
    DeadLetterReason.SCHEMA_NOT_AVRO,
    DeadLetterReason.TYPE_DOES_NOT_RESOLVE,
)
"""What a schema that is registered, or released, later can mend by itself."""
TRIED = 1_000
"""Most letters of each of these reasons that are tried."""


@dataclass(frozen=True)
class Proposal:
    """Letters that would become rows by now, by topic and reason, and the commands that redrive them."""

    tried: int
    mendable: Mapping[tuple[str, str], int]
    commands: Sequence[str] = field(default=())


def is_shallow(found: Depth) -> bool:
    """Whether the open letters are few, or at most `MOST_PERCENT` of the records."""
    return found.letters - found.copies <= FEW or found.depth_percent <= MOST_PERCENT


def is_steady(found: Depth) -> bool:
    """Whether the last 24 hours brought few letters, or at most `MOST_GROWTH` times those of the 24 hours before."""
    return found.died_last_day <= max(FEW, MOST_GROWTH * found.died_day_before)


def propose(con: Connection, look_up: LookUp, limits: Limits) -> Proposal:
    """Try letters that died of their schema once more, without writing. Raises RegistryUnavailable."""
    redriver = Redriver(con, look_up, limits)
    tried = 0
    mendable: dict[tuple[str, str], int] = {}
    for reason in SCHEMA_REASONS:
        found = redriver.redrive(Choice(reason=reason), max_letters=TRIED, dry_run=True)
        tried += len(found.outcomes)
        mendable |= {(line.topic, line.reason): line.staged for line in lines(found) if line.staged}
    commands = tuple(
        f"proptech dead-letters redrive --topic {topic} --reason {reason}" for topic, reason in mendable
    )
    return Proposal(tried, mendable, commands)
