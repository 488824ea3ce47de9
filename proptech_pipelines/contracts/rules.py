"""What a decoded row must hold beyond its types; a row that does not is a dead letter.

Rules look at the row and its own Kafka timestamp, never at a clock, a registry or another row. A row that
breaks several rules gets the reason of the first, in the order in which `rules_of` gives them. Null is
allowed wherever the topic's schema allows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.avro_schema import Field, parse_record_schema
from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason
from proptech_pipelines.contracts.decoded import Flags, column_of, flags_of, rows_with
from proptech_pipelines.contracts.texts import Texts
from proptech_pipelines.contracts.topics import Topic, schema_text
from proptech_pipelines.contracts.wire import Integers
from proptech_pipelines.settings import Settings

HIGHEST_PRICE = 10**12
END_OF_TIME_MS = 253_370_764_800_000
"""The year 9999: what windows and moments add to an event time still has a date."""
MOST_FOLD = 1_000
"""A price may rise or fall by this factor, not by more."""

_PRICES = {"price", "oldPrice", "newPrice", "medianPrice", "minPrice", "maxPrice"}
_IDENTIFIERS = {"propertyId", "userId"}
_COUNTS = {"bathrooms", "bedrooms", "durationSeconds", "listings", "minBedrooms"}
_COUNTS |= {"sales", "schoolRating", "squareFootage", "volume", "walkScore"}
_RANGES = {"inventoryMonths": (0, 10**9), "month": (1, 12), "year": (1970, 9999)}
"""Beyond these a column of staging, a date or a DECIMAL, does not hold the value."""
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Limits:
    """The limits that are settings."""

    max_ahead_ms: int
    max_string_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """The limits of `settings`."""
        return cls(settings.max_ahead_ms, settings.max_string_bytes)


@dataclass(frozen=True)
class Rows:
    """Decoded rows with what the rules may look at."""

    table: pa.Table
    event_time_ms: Integers
    kafka_timestamp_ms: Integers
    limits: Limits


@dataclass(frozen=True)
class Rule:
    """One rule on one field: `broken` flags the rows that break it."""

    reason: DeadLetterReason
    field: str
    broken: Callable[[Rows], Flags]


def check(topic: Topic, rows: Rows) -> list[tuple[int, DeadLetterReason, str]]:
    """The rows of `topic` that break a rule, ascending: row number, reason, message."""
    first = np.full(rows.table.num_rows, -1, np.int64)
    rules = rules_of(topic)
    for number, rule in enumerate(rules):
        broken = rule.broken(rows)
        if broken.any():
            first[broken & (first < 0)] = number
    return [
        (row, rules[first[row]].reason, _message(rows.table, rules[first[row]], row))
        for row in np.flatnonzero(first >= 0).tolist()
    ]


def event_times(topic: Topic, table: pa.Table, kafka_timestamp_ms: Integers) -> tuple[Integers, Flags]:
    """Event time of each row in ms, and whether it is the Kafka timestamp because the field is null."""
    column = column_of(table, topic.event_time)
    if not column.null_count:
        return column.to_numpy(), np.zeros(len(column), np.bool_)
    missing = flags_of(column.is_null())
    return np.where(missing, kafka_timestamp_ms, column.fill_null(0).to_numpy()), missing


@cache
def rules_of(topic: Topic) -> tuple[Rule, ...]:
    """The rules of `topic`, in the order in which they count."""
    fields = parse_record_schema(schema_text(topic.name)).fields
    names = {item.name for item in fields}
    rules = [
        Rule(DeadLetterReason.STRING_TOO_LONG, item.name, _too_long(item))
        for item in fields
        if item.type.kind in {"string", "bytes", "array"}
    ]
    rules += [
        Rule(DeadLetterReason.EMPTY_IDENTIFIER, item.name, _is_empty(item.name))
        for item in fields
        if item.name in _IDENTIFIERS | {topic.key_field} and not item.type.is_nullable
    ]
    rules.append(Rule(DeadLetterReason.EVENT_TIME_OUT_OF_BOUNDS, topic.event_time, _event_time_out_of_bounds))
    rules += [
        Rule(DeadLetterReason.PRICE_OUT_OF_RANGE, name, _outside(name, 1, HIGHEST_PRICE))
        for name in sorted(_PRICES & names)
    ]
    if {"oldPrice", "newPrice"} <= names:
        rules.append(Rule(DeadLetterReason.PRICE_CHANGE_OUT_OF_RANGE, "newPrice", _price_change_out_of_range))
    for name in ("zipCode", "preferredZipCodes"):
        if name in names:
            rules.append(Rule(DeadLetterReason.UNKNOWN_ZIP_CODE, name, _unknown(name, Texts.are_zip_codes)))
    if "stateCode" in names:
        rules.append(
            Rule(DeadLetterReason.UNKNOWN_STATE_CODE, "stateCode", _unknown("stateCode", Texts.are_states))
        )
    return tuple(rules + [rule for item in fields for rule in _number_rules(item)])


def _number_rules(field: Field) -> list[Rule]:
    reason = DeadLetterReason.NUMBER_OUT_OF_RANGE
    if field.name in _COUNTS:
        highest = (
            np.finfo(np.float64).max if field.type.kind in {"float", "double"} else np.iinfo(np.int64).max
        )
        return [Rule(reason, field.name, _outside(field.name, 0, highest))]
    if field.name in _RANGES:
        return [Rule(reason, field.name, _outside(field.name, *_RANGES[field.name]))]
    if field.type.kind in {"float", "double"}:
        highest = np.finfo(np.float64).max
        return [Rule(reason, field.name, _outside(field.name, -highest, highest))]
    return []


def _outside(name: str, lowest: float, highest: float) -> Callable[[Rows], Flags]:
    """Values not in [lowest, highest], NaN among them. Float columns of 32 bits are compared as 64 bits."""

    def broken(rows: Rows) -> Flags:
        column = column_of(rows.table, name)
        valid = None
        if column.null_count:
            valid = flags_of(column.is_valid())
            column = column.fill_null(0)
        values = column.to_numpy()
        flags = ~((values >= lowest) & (values <= highest))
        return flags if valid is None else flags & valid

    return broken


def _too_long(field: Field) -> Callable[[Rows], Flags]:
    def broken(rows: Rows) -> Flags:
        column = column_of(rows.table, field.name)
        if pa.types.is_list(column.type):
            return rows_with(column, Texts.of(column.flatten()).length > rows.limits.max_string_bytes)
        return Texts.of(column).length > rows.limits.max_string_bytes

    return broken


def _is_empty(name: str) -> Callable[[Rows], Flags]:
    return lambda rows: Texts.of(column_of(rows.table, name)).length == 0


def _unknown(name: str, known: Callable[[Texts], Flags]) -> Callable[[Rows], Flags]:
    def broken(rows: Rows) -> Flags:
        column = column_of(rows.table, name)
        if pa.types.is_list(column.type):
            return rows_with(column, ~known(Texts.of(column.flatten())))
        flags = ~known(Texts.of(column))
        return flags & flags_of(column.is_valid()) if column.null_count else flags

    return broken


def _event_time_out_of_bounds(rows: Rows) -> Flags:
    event_time = rows.event_time_ms
    latest = np.maximum(event_time, 0) - rows.limits.max_ahead_ms  # this way round nothing overflows
    return (event_time < 0) | (event_time >= END_OF_TIME_MS) | (latest > rows.kafka_timestamp_ms)


def _price_change_out_of_range(rows: Rows) -> Flags:
    """Prices out of range have their own rule before this one, so what overflows here does not matter."""
    old = column_of(rows.table, "oldPrice").to_numpy()
    new = column_of(rows.table, "newPrice").to_numpy()
    return (new > MOST_FOLD * old) | (old > MOST_FOLD * new)


def _message(table: pa.Table, rule: Rule, row: int) -> str:
    value = repr(table.column(rule.field)[row].as_py())
    shown = (
        value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}... ({len(value)} characters)"
    )
    return f"{rule.field} = {shown}"
