"""The geographic partitioner against tables of committed values."""

import subprocess
import sys

import pytest

from proptech_pipelines.kafka.partitioner import STATE_CODES, murmur2, partition_of

# From Kafka's own UtilsTest.testMurmur2, as signed 32-bit numbers.
KAFKA_MURMUR2 = [
    (b"21", -973932308),
    (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
]

# state, key, partitions, partition
EXPECTED = [
    ("AK", b"x", 6, 0),
    ("CA", b"sac-0001", 3, 1),
    ("CA", b"sac-0001", 6, 4),
    ("CA", b"another key", 6, 4),
    ("IA", b"ames-0001", 3, 0),
    ("IA", b"ames-0001", 6, 0),
    ("TX", b"Abilene", 3, 1),
    ("TX", b"Abilene", 12, 7),
    ("WY", b"x", 64, 50),
    ("VI", b"x", 64, 61),
    ("CA", b"x", 1, 0),
    (None, b"abc", 6, 3),
    (None, b"21", 6, 0),
    ("", b"21", 6, 0),
    ("ca", b"21", 6, 0),
    ("ZZ", b"foobar", 6, 0),
    (None, b"", 6, 3),
]


@pytest.mark.parametrize(("key", "signed"), KAFKA_MURMUR2)
def test_murmur2_equals_kafkas(key, signed):
    assert murmur2(key) == signed % (1 << 32)


@pytest.mark.parametrize(("state", "key", "partitions", "expected"), EXPECTED)
def test_a_record_goes_to_the_committed_partition(state, key, partitions, expected):
    assert partition_of(state, key, partitions) == expected


def test_another_process_with_another_hash_seed_agrees():
    code = (
        "from proptech_pipelines.kafka.partitioner import partition_of;"
        f"print([partition_of(s, k, n) for s, k, n, _ in {EXPECTED!r}])"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == str([expected for *_, expected in EXPECTED])


def test_the_list_of_states_is_frozen():
    assert len(STATE_CODES) == len(set(STATE_CODES)) == 62
    assert list(STATE_CODES[:51]) == sorted(STATE_CODES[:51])
    assert list(STATE_CODES[51:]) == sorted(STATE_CODES[51:])


def test_a_topic_without_partitions_is_refused():
    with pytest.raises(ValueError, match="at least one partition"):
        partition_of("CA", b"x", 0)
