"""Headers that name an origin: three families, as their producers write them, and what is none."""

import struct

import pytest

from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason
from proptech_pipelines.contracts.origin_headers import Origin, origin_of
from proptech_pipelines.contracts.wire import frame, split


def text(prefix, topic=b"t", partition=b"3", offset=b"17"):
    return [(f"{prefix}topic", topic), (f"{prefix}partition", partition), (f"{prefix}offset", offset)]


STREAMS = text("__streams.errors.")
CONNECT = text("__connect.errors.")
SPRING = [
    ("kafka_dlt-original-topic", b"t"),
    ("kafka_dlt-original-partition", struct.pack(">i", 3)),
    ("kafka_dlt-original-offset", struct.pack(">q", 17)),
]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        # Each family, among headers of its own that name no place, and of the record itself.
        (
            [("__streams.errors.exception", b"java.lang.X"), *STREAMS, ("stage", b"x")],
            ("t", 3, 17, "Kafka Streams"),
        ),
        ([("__connect.errors.task.id", b"0"), *CONNECT, ("trace", None)], ("t", 3, 17, "Kafka Connect")),
        ([*SPRING, ("kafka_dlt-original-timestamp", struct.pack(">q", 1))], ("t", 3, 17, "Spring")),
        (list(reversed(SPRING)), ("t", 3, 17, "Spring")),
        # Spring's numbers written as text by hand, also such as have the width of the binary ones.
        (text("kafka_dlt-original-"), ("t", 3, 17, "Spring")),
        (text("kafka_dlt-original-", partition=b"0012", offset=b"12345678"), ("t", 12, 12_345_678, "Spring")),
        # The largest numbers there are.
        (text("__connect.errors.", partition=b"2147483647"), ("t", 2**31 - 1, 17, "Kafka Connect")),
        (text("__connect.errors.", offset=b"9223372036854775807"), ("t", 3, 2**63 - 1, "Kafka Connect")),
        ([*SPRING[:2], (SPRING[2][0], struct.pack(">q", 2**63 - 1))], ("t", 3, 2**63 - 1, "Spring")),
        # Dead more than once: the oldest counts, within a family and between two.
        ([*STREAMS, *text("__streams.errors.", b"t-dlq", b"0", b"99")], ("t", 3, 17, "Kafka Streams")),
        ([*text("__connect.errors.", b"first"), *STREAMS], ("first", 3, 17, "Kafka Connect")),
        ([*STREAMS, *text("__connect.errors.", b"second")], ("t", 3, 17, "Kafka Streams")),
        # One family that is incomplete leaves the word to the next.
        ([*CONNECT[:2], *SPRING], ("t", 3, 17, "Spring")),
    ],
)
def test_an_origin_is_read(headers, expected):
    assert origin_of(headers) == Origin(*expected)


@pytest.mark.parametrize(
    "headers",
    [
        None,
        [],
        [("topic", b"t"), ("partition", b"3"), ("offset", b"17")],
        *(STREAMS[:place] + STREAMS[place + 1 :] for place in range(3)),
        *([*CONNECT[:place], (CONNECT[place][0], None), *CONNECT[place + 1 :]] for place in range(3)),
        text("__streams.errors.", topic=b""),
        text("__streams.errors.", topic=b"\xff"),
        text("__streams.errors.", partition=b""),
        text("__streams.errors.", partition=b"-1"),
        text("__streams.errors.", partition=b"2147483648"),
        text("__streams.errors.", offset=b"9223372036854775808"),
        text("__streams.errors.", offset=b" 17"),
        text("__streams.errors.", offset=b"1_7"),
        text("__streams.errors.", offset="\u0661\u0667".encode()),
        text("__streams.errors.", partition=struct.pack(">i", 3)),
        [*SPRING[:2], (SPRING[2][0], struct.pack(">q", -1))],
        [*SPRING[:2], (SPRING[2][0], struct.pack(">i", 17))],
        [SPRING[0], (SPRING[1][0], struct.pack(">q", 3)), SPRING[2]],
    ],
)
def test_no_origin_is_read(headers):
    assert origin_of(headers) is None


@pytest.mark.parametrize("value", [None, b"", b"\0\0\0\0\1x", b"x"])
def test_a_record_with_an_origin_is_a_copy_whatever_its_value(value):
    assert split(value, SPRING).reason is DeadLetterReason.COPY_OF_RECORD
    frames = frame([b"\0\0\0\0\1x", value], [None, SPRING])
    assert [(bad.index, bad.reason) for bad in frames.bad] == [(1, DeadLetterReason.COPY_OF_RECORD)]
    assert frames.bad[0].message == "a copy of t[3] at offset 17 (Spring)"
    assert frames.schema_keys == {1}
    assert list(frames.tombstones) == []
