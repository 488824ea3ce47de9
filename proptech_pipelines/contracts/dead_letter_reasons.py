"""Why a record is a dead letter: a closed set, each with one sentence for people.

The same input gives the same reason on every run and in every batching; the message beside it is for
people alone and takes part in no comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class DeadLetterReason(StrEnum):
    """What is wrong with a record. The values are stored, so they are a contract."""

    TOMBSTONE = "tombstone"
    EMPTY_VALUE = "empty_value"
    NO_MAGIC_BYTE = "no_magic_byte"
    TRUNCATED_PREFIX = "truncated_prefix"
    BAD_SCHEMA_HEADER = "bad_schema_header"
    COPY_OF_RECORD = "copy_of_record"
    UNKNOWN_SCHEMA_ID = "unknown_schema_id"
    SCHEMA_NOT_AVRO = "schema_not_avro"
    TYPE_DOES_NOT_RESOLVE = "type_does_not_resolve"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing_bytes"
    INVALID_UTF8 = "invalid_utf8"
    ENUM_OUT_OF_RANGE = "enum_out_of_range"
    INVALID_BOOLEAN = "invalid_boolean"
    INT_OUT_OF_RANGE = "int_out_of_range"
    LONG_OUT_OF_RANGE = "long_out_of_range"
    INVALID_UNION_INDEX = "invalid_union_index"
    NEGATIVE_LENGTH = "negative_length"
    UNDECODABLE = "undecodable"
    STRING_TOO_LONG = "string_too_long"
    EMPTY_IDENTIFIER = "empty_identifier"
    EVENT_TIME_OUT_OF_BOUNDS = "event_time_out_of_bounds"
    PRICE_OUT_OF_RANGE = "price_out_of_range"
    PRICE_CHANGE_OUT_OF_RANGE = "price_change_out_of_range"
    UNKNOWN_ZIP_CODE = "unknown_zip_code"
    UNKNOWN_STATE_CODE = "unknown_state_code"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    UNSTORABLE_TEXT = "unstorable_text"
    REFUSED_BY_STAGING = "refused_by_staging"


EXPLANATIONS: Mapping[DeadLetterReason, str] = {
    DeadLetterReason.TOMBSTONE: "The record has no value, and its topic is not a table.",
    DeadLetterReason.EMPTY_VALUE: "The value has no bytes at all.",
    DeadLetterReason.NO_MAGIC_BYTE: "The value does not begin with the byte 0 that announces a schema id.",
    DeadLetterReason.TRUNCATED_PREFIX: "The value ends inside the five bytes of the schema id's prefix.",
    DeadLetterReason.BAD_SCHEMA_HEADER: "The header __value_schema_id holds neither an id nor a GUID.",
    DeadLetterReason.COPY_OF_RECORD: "Headers say that the record is a copy of another one, which they name.",
    DeadLetterReason.UNKNOWN_SCHEMA_ID: "The registry knows no schema of this id or GUID.",
    DeadLetterReason.SCHEMA_NOT_AVRO: "The schema of this id is not an Avro schema.",
    DeadLetterReason.TYPE_DOES_NOT_RESOLVE: "Written with a schema that the topic's schema cannot read.",
    DeadLetterReason.TRUNCATED: "The value ends before its last field does.",
    DeadLetterReason.TRAILING_BYTES: "Bytes are left over after the last field.",
    DeadLetterReason.INVALID_UTF8: "A string is not valid UTF-8.",
    DeadLetterReason.ENUM_OUT_OF_RANGE: "An enum names a symbol beyond those of its schema.",
    DeadLetterReason.INVALID_BOOLEAN: "A boolean is neither 0 nor 1.",
    DeadLetterReason.INT_OUT_OF_RANGE: "An int needs more than 32 bits or more than five bytes.",
    DeadLetterReason.LONG_OUT_OF_RANGE: "A long needs more than 64 bits or more than ten bytes.",
    DeadLetterReason.INVALID_UNION_INDEX: "A union names a branch that it does not have.",
    DeadLetterReason.NEGATIVE_LENGTH: "A string, bytes or block has a length below zero.",
    DeadLetterReason.UNDECODABLE: "The bytes fit the schema, yet no value could be made of them.",
    DeadLetterReason.STRING_TOO_LONG: "A string or bytes field is longer than max_string_bytes.",
    DeadLetterReason.EMPTY_IDENTIFIER: "A required identifier is the empty string.",
    DeadLetterReason.EVENT_TIME_OUT_OF_BOUNDS: "The event time is before 1970 or far past the Kafka time.",
    DeadLetterReason.PRICE_OUT_OF_RANGE: "A price is below 1 or above 10^12 dollars.",
    DeadLetterReason.PRICE_CHANGE_OUT_OF_RANGE: "The price changed more than 1000-fold.",
    DeadLetterReason.UNKNOWN_ZIP_CODE: "A zip code is not one of the United States.",
    DeadLetterReason.UNKNOWN_STATE_CODE: "A state code is not one of the United States.",
    DeadLetterReason.NUMBER_OUT_OF_RANGE: "A count is below 0 or too large, a number not finite, or a date none.",
    DeadLetterReason.UNSTORABLE_TEXT: "A text holds U+0000, or a word like {DATA_PATH} that the catalog would fill in.",
    DeadLetterReason.REFUSED_BY_STAGING: "The SQL of the staging model fails on the values, as a cast may.",
}
"""One sentence for people per reason."""


@dataclass(frozen=True, order=True, slots=True)
class Bad:
    """A record that is a dead letter: its place in the batch, why, and a detail for people."""

    index: int
    reason: DeadLetterReason
    message: str


def stage_of(reason: DeadLetterReason) -> str:
    """Where a record fails for `reason`: framing (no schema), decode (no value), or contract (a rule)."""
    if reason in _FRAMING:
        return "framing"
    return "contract" if reason in _CONTRACT else "decode"


_FRAMING = {
    DeadLetterReason.TOMBSTONE,
    DeadLetterReason.EMPTY_VALUE,
    DeadLetterReason.NO_MAGIC_BYTE,
    DeadLetterReason.TRUNCATED_PREFIX,
    DeadLetterReason.BAD_SCHEMA_HEADER,
    DeadLetterReason.COPY_OF_RECORD,
}
_CONTRACT = {
    DeadLetterReason.STRING_TOO_LONG,
    DeadLetterReason.EMPTY_IDENTIFIER,
    DeadLetterReason.EVENT_TIME_OUT_OF_BOUNDS,
    DeadLetterReason.PRICE_OUT_OF_RANGE,
    DeadLetterReason.PRICE_CHANGE_OUT_OF_RANGE,
    DeadLetterReason.UNKNOWN_ZIP_CODE,
    DeadLetterReason.UNKNOWN_STATE_CODE,
    DeadLetterReason.NUMBER_OUT_OF_RANGE,
    DeadLetterReason.UNSTORABLE_TEXT,
    DeadLetterReason.REFUSED_BY_STAGING,
}
