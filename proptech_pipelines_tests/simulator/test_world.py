"""What the simulated stream promises: reproducible, consistent with itself, plausible."""

import hashlib
import subprocess
import sys
from collections import Counter, defaultdict

import numpy as np
import pytest
import zipcodes

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.simulator import ALL_TOPICS
from proptech_pipelines.simulator.broken import broken_values
from proptech_pipelines.simulator.recorded import homes, market_rows
from proptech_pipelines.simulator.tables import Tables
from proptech_pipelines_tests.simulator.stream import PARTITIONS, SCHEMA_IDS, START_MS, TIDY, TOPICS, stream

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def tidy():
    """30,000 records without disorder."""
    return stream(30_000, **TIDY)


def digest(records) -> str:
    return hashlib.sha256(repr(records).encode()).hexdigest()


def test_same_seed_start_and_count_give_the_same_bytes_in_another_process():
    here = digest(stream(20_000, seed=5))
    code = (
        "from proptech_pipelines_tests.simulator.test_world import digest, stream;"
        "print(digest(stream(20_000, seed=5)))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == here


def test_another_seed_gives_other_records():
    assert digest(stream(1_000, seed=1)) != digest(stream(1_000, seed=2))


def test_fewer_records_are_the_beginning_of_more():
    assert stream(12_345) == stream(30_000)[:12_345]


def test_slots_run_on_without_holes(tidy):
    assert [record.slot for record in tidy] == list(range(30_000))
    assert [record.slot for record in stream(30_000)] == list(range(30_000))


def test_every_topic_occurs_and_the_mix_is_as_laid_out(tidy):
    counts = Counter(record.topic for record in tidy)
    assert set(counts) == set(ALL_TOPICS)
    assert 0.2 < counts["property-price-changes"] / 30_000 < 0.25
    assert 0.27 < counts["property-views"] / 30_000 < 0.35


@pytest.mark.parametrize("topic", ALL_TOPICS)
def test_one_topic_alone_can_be_asked_for(topic):
    records = stream(500, topics=(topic,))
    assert {record.topic for record in records} == {topic}
    assert len(records) == 500


def test_key_and_partition_follow_the_contract(tidy):
    for record in tidy:
        topic = TOPICS[record.topic]
        if record.value is None:
            continue
        fields = record.decoded()
        assert record.key == str(fields[topic.key_field]).encode()
        partition = partition_of(fields["stateCode"], record.key, PARTITIONS[record.topic])
        assert record.partition == partition


def test_a_home_is_listed_before_it_is_viewed_and_reduced_before_it_is_sold(tidy):
    recorded = {home.property_id: home.price for home in homes()}
    price: dict[str, int] = {}
    step: dict[str, str] = {}
    steps = Counter()
    for record in tidy:
        if record.value is None:
            continue
        fields = record.decoded()
        home = fields.get("propertyId")
        if record.topic == "property-listings":
            assert home not in step
            assert fields["price"] == recorded["-".join(home.split("-")[:2])]
            price[home], step[home] = fields["price"], "LISTING"
        elif record.topic == "property-price-changes":
            assert step[home] in {"LISTED", "PRICE_REDUCED"}
            assert fields["oldPrice"] == price[home]
            price[home] = fields["newPrice"]
        elif record.topic == "property-events":
            allowed = {
                "LISTED": {"LISTING"},
                "PRICE_REDUCED": {"LISTED", "PRICE_REDUCED"},
                "PENDING": {"LISTED", "PRICE_REDUCED"},
                "SOLD": {"PENDING"},
                "WITHDRAWN": {"PENDING"},
            }
            assert step[home] in allowed[fields["eventType"]]
            assert fields["price"] == price[home]
            step[home] = fields["eventType"]
            steps[step[home]] += 1
        elif record.topic in {"property-views", "property-updates"}:
            assert step[home] in {"LISTED", "PRICE_REDUCED", "PENDING"}
    assert set(steps) == {"LISTED", "PRICE_REDUCED", "PENDING", "SOLD", "WITHDRAWN"}


def test_users_have_a_profile_before_they_view_and_view_homes_of_their_state(tidy):
    states: dict[str, str] = {}
    views = 0
    for record in tidy:
        if record.topic == "user-profiles" and record.value is not None:
            fields = record.decoded()
            states[fields["userId"]] = fields["stateCode"]
        elif record.topic == "property-views":
            fields = record.decoded()
            assert states[fields["userId"]] == fields["stateCode"]
            views += 1
    assert views > 5_000


def test_updates_of_a_home_follow_on_one_another(tidy):
    last: dict[str, str | None] = {}
    for record in tidy:
        if record.topic == "property-updates":
            fields = record.decoded()
            home = fields["propertyId"]
            assert last.get(home, fields["oldValue"]) == fields["oldValue"]
            assert fields["newValue"] != fields["oldValue"]
            last[home] = fields["newValue"]


def test_event_times_rise_from_the_start(tidy):
    times = [
        record.decoded()[TOPICS[record.topic].event_time]
        for record in tidy
        if record.value is not None and record.topic != "market-data"
    ]
    assert times == sorted(times)
    assert times[0] == START_MS
    assert times[-1] == START_MS + 29_999  # 1,000 events per second of event time


def test_every_zip_code_is_real(tidy):
    codes = {
        record.decoded()["zipCode"]
        for record in tidy
        if record.value is not None and "zipCode" in record.decoded()
    }
    assert len(codes) == 70
    assert all(zipcodes.is_real(code) for code in codes)


def test_market_rows_come_once_in_order_as_they_stand():
    records = stream(20_000, topics=("market-data",), **TIDY)
    assert [record.decoded() for record in records] == list(market_rows())


def test_market_rows_come_again_when_told():
    records = stream(20_000, topics=("market-data",), loop=True, **TIDY)
    rows = list(market_rows())
    assert [record.decoded() for record in records] == (rows * 3)[:20_000]


def test_once_the_market_rows_are_used_up_the_others_go_on():
    records = stream(60_000, topics=("market-data", "neighborhood-data"), **TIDY)
    assert Counter(record.topic for record in records) == {"market-data": 8602, "neighborhood-data": 51_398}


def test_shares_of_disorder_are_as_asked():
    shares = {"out_of_order": 0.05, "late": 0.01, "repeated": 0.01, "broken": 0.002}
    records = stream(100_000, topics=("property-price-changes",), **shares)
    broken = set(broken_values("property-price-changes", SCHEMA_IDS["property-price-changes"]).values())
    seen: dict[bytes | None, int] = {}
    counts = Counter()
    for record in records:
        if record.value in broken:
            counts["broken"] += 1
            continue
        if record.value in seen and record.slot - seen[record.value] < 1_000:
            counts["repeated"] += 1
            continue
        seen[record.value] = record.slot
        back = START_MS + record.slot - record.decoded()["changedAt"]
        if back >= 26 * HOUR_MS:
            counts["late"] += 1
        elif back:
            assert 1_000 <= back <= 600_000
            counts["out_of_order"] += 1
    assert counts["out_of_order"] == pytest.approx(5_000, rel=0.1)
    assert counts["late"] == pytest.approx(1_000, rel=0.15)
    assert counts["repeated"] == pytest.approx(1_000, rel=0.15)
    assert counts["broken"] == pytest.approx(200, rel=0.25)


def test_table_topics_bear_a_tombstone_now_and_then_and_streams_none():
    records = stream(60_000, **TIDY)
    gone = Counter(record.topic for record in records if record.value is None)
    assert set(gone) <= {"user-profiles", "neighborhood-data"}
    assert 1 <= gone["user-profiles"] <= 60
    known = set()
    for record in records:
        if record.topic == "user-profiles":
            assert record.value is not None or record.key in known
            known.add(record.key)


def test_alerts_are_raised_now_and_then_and_not_everywhere():
    """A day of event time: by zip code and hour, the limits of the market alerts (DESIGN: 5 % and 15 %)."""
    windows = defaultdict(list)
    for record in stream(150_000, topics=("property-price-changes",), speed=576.0, **TIDY):
        fields = record.decoded()
        change = (fields["newPrice"] - fields["oldPrice"]) / fields["oldPrice"]
        windows[fields["zipCode"], fields["changedAt"] // HOUR_MS].append(change)
    full = [changes for changes in windows.values() if len(changes) >= 10]
    assert len(full) > 1_000
    moved = volatile = 0
    for changes in full:
        mean = sum(changes) / len(changes)
        deviation = (sum(change * change for change in changes) / len(changes) - mean * mean) ** 0.5
        moved += abs(mean) > 0.05
        volatile += deviation > 0.15
    assert 0.02 < moved / len(full) < 0.10
    assert 0.01 < volatile / len(full) < 0.06
    every = [change for changes in windows.values() for change in changes]
    assert sum(-0.06 <= change <= -0.01 for change in every) / len(every) > 0.8


@pytest.mark.parametrize("topics", [(), ("no-such-topic",), ("market-data", "market-alerts")])
def test_a_topic_that_is_no_input_is_refused(topics):
    with pytest.raises(SettingsError, match="No such input topic"):
        stream(1, topics=topics)


def test_when_all_homes_were_on_the_market_others_like_them_follow_under_ids_of_their_own():
    tables = Tables(seed=3)
    sales = np.array([0, 2 * 932, 4 * 932, 2 * 932 + 1])
    first, second, third, other = [key.decode() for key in tables.property_keys(sales)]
    assert (second, third) == (f"{first}-2", f"{first}-3")
    assert other.startswith("ames-")
    ids = tables.property_ids(sales)
    assert [bytes(ids.data[i][ids.used[i]])[1:].decode() for i in range(3)] == [first, second, third]
