"""Numbers read at many places at once: every width, no record in doubt without need, none beyond its end."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.contracts.cursor import Cursor
from proptech_pipelines.contracts.wire import Datums
from proptech_pipelines_tests.contracts.avro_strategies import EXAMPLES, LONGS, encode

LONG = '{"type": "record", "name": "R", "fields": [{"name": "f", "type": "long"}]}'
EDGES = [sign * (1 << bits) - offset for bits in range(64) for sign in (1, -1) for offset in (0, 1)]
EVERY_WIDTH = [number for number in EDGES if -(2**63) <= number < 2**63]


def varint(number):
    return encode(LONG, {"f": number})


def test_longs_of_every_width_are_read_without_doubt():
    cursor = Cursor.at_start(Datums.of([varint(number) + b"rest" for number in EVERY_WIDTH]))
    assert cursor.take_long().tolist() == EVERY_WIDTH
    assert not cursor.doubt.any()
    assert (cursor.end - cursor.position).tolist() == [4] * len(EVERY_WIDTH)
    assert {len(varint(number)) for number in EVERY_WIDTH} == set(range(1, 11))


def test_ints_are_in_doubt_beyond_32_bits_and_only_then():
    cursor = Cursor.at_start(Datums.of([varint(number) for number in EVERY_WIDTH]))
    numbers = cursor.take_int().tolist()
    narrow = [-(2**31) <= number < 2**31 for number in EVERY_WIDTH]
    assert (~cursor.doubt).tolist() == narrow
    assert [number for number, fits in zip(numbers, narrow, strict=True) if fits] == [
        number for number, fits in zip(EVERY_WIDTH, narrow, strict=True) if fits
    ]


@EXAMPLES
@given(st.lists(LONGS, max_size=8))
def test_small_numbers_are_read_as_longs_are(numbers):
    cursor = Cursor.at_start(Datums.of([varint(number) for number in numbers]))
    assert cursor.take_small().tolist() == numbers
    assert not cursor.doubt.any()


@EXAMPLES
@given(st.lists(st.binary(max_size=12), max_size=8), st.lists(st.sampled_from("lisbw"), max_size=6))
def test_no_bytes_lead_a_cursor_past_the_end_of_its_record(payloads, steps):
    cursor = Cursor.at_start(Datums.of(payloads))
    for step in steps:
        match step:
            case "l":
                cursor.take_long()
            case "i":
                cursor.take_int()
            case "s":
                start, end = cursor.take_span()
                assert np.all(start <= end)
            case "b":
                cursor.take_byte()
            case _:
                cursor.word()
                cursor.advance(8)
        assert np.all(cursor.position <= cursor.end)
