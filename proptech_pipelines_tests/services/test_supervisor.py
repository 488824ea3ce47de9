"""`up` and `down` of a whole home folder, through every kind of accident."""

import json
import os
import signal
import socket
import time
from dataclasses import replace

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from proptech_pipelines.errors import PortTaken, ServiceError
from proptech_pipelines.services import supervisor
from proptech_pipelines.services.plan import Plan, Wanted
from proptech_pipelines.services.ports import Ports
from proptech_pipelines.services.process import end
from proptech_pipelines.services.progress import Quiet
from proptech_pipelines.services.supervisor import down, up
from proptech_pipelines.services.topics_setup import wanted_topics
from proptech_pipelines.settings import Settings

BARE = Wanted(simulator=False, dagster=False)
ALL = ["PostgreSQL", "Apache Kafka", "The schema registry"]


def bring_up(home, wanted=BARE):
    return up(home, wanted, Quiet(), lambda _settings: None)


def produce(settings: Settings, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": settings.bootstrap_servers, "acks": "all"})
    producer.produce("property-views-dlq", value=value)
    assert producer.flush(30) == 0


def values(settings: Settings) -> list[bytes]:
    """All that the topic holds, however long a broker that has just started takes to give it out."""
    topic = "property-views-dlq"
    consumer = Consumer(
        {
            "bootstrap.servers": settings.bootstrap_servers,
            "group.id": "t",
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[bytes] = []
    deadline = time.monotonic() + 60
    while True:
        message = consumer.poll(1)
        if message is not None and message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(message.error())
            break
        if message is not None:
            found.append(message.value())
        assert time.monotonic() < deadline, f"{topic} has no end after 60 s; found {found}"
    consumer.close()
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home") / "Jörg O'Neil, a;b"  # what no part may stumble over
    for name in ("kafka", "registry"):
        Ports(folder).get(name)  # not the well-known ports, which someone may want meanwhile
    bring_up(folder)
    yield folder
    down(folder, Quiet())


@pytest.mark.long
def test_everything_missing_is_started_and_the_way_to_it_is_stored(home):
    report = bring_up(home)
    assert (report.started, report.running, report.topics_created) == ([], ALL, [])
    settings = Settings.load(home)
    ports = json.loads((home / "ports.json").read_text())
    assert settings.bootstrap_servers == f"127.0.0.1:{ports['kafka']}"
    assert settings.schema_registry_url == f"http://127.0.0.1:{ports['registry']}/apis/ccompat/v7"
    assert settings.catalog.endswith("port=5432 user=postgres dbname=proptech")


@pytest.mark.long
def test_everything_killed_at_once_comes_back_with_its_data(home):
    settings = Settings.load(home)
    produce(settings, b"before")
    processes = [item for service in Plan(home).services() for item in service.members()]
    assert end(processes, signal.SIGKILL, 10) == []
    report = bring_up(home)
    assert (report.started, report.topics_created) == (ALL, [])
    assert Settings.load(home) == settings
    assert values(settings) == [b"before"]


@pytest.mark.long
def test_only_what_is_missing_is_started(home):
    Plan(home).registry.kill()
    report = bring_up(home)
    assert (report.started, report.running) == (ALL[2:], ALL[:2])


@pytest.mark.long
def test_a_taken_port_stops_what_was_started_and_names_its_holder(home):
    assert down(home, Quiet()) == ALL[::-1]
    assert down(home, Quiet()) == []
    registry_port = json.loads((home / "ports.json").read_text())["registry"]
    with socket.create_server(("127.0.0.1", registry_port)), pytest.raises(PortTaken) as caught:
        bring_up(home)
    assert (caught.value.port, caught.value.pid) == (registry_port, os.getpid())
    assert [service.members() for service in Plan(home).services()] == [[]] * len(Plan(home).services())


@pytest.mark.long
def test_a_port_changed_by_hand_is_followed_and_not_taken_for_a_cluster_of_ones_own(home):
    ports = json.loads((home / "ports.json").read_text())
    changed = {**ports, "kafka": ports["kafka"] + 1, "kafka_controller": ports["kafka_controller"] + 1}
    (home / "ports.json").write_text(json.dumps(changed))
    assert bring_up(home).started == ALL
    settings = Settings.load(home)
    assert settings.bootstrap_servers == f"127.0.0.1:{ports['kafka'] + 1}"
    assert values(settings) == [b"before"]


def test_own_servers_are_used_remembered_and_never_stopped(stack, tmp_path):
    own = replace(
        BARE,
        bootstrap_servers=stack.settings.bootstrap_servers,
        schema_registry_url=stack.settings.schema_registry_url,
        catalog=stack.settings.catalog,
        kafka_config={"client.id": "mine"},
        simulator=None,
    )
    report = bring_up(tmp_path, own)
    assert (report.started, report.running, report.plan.with_simulator) == ([], [], False)
    assert report.plan.dagster_dsn == stack.settings.catalog
    again = bring_up(tmp_path)
    assert again.plan.settings == replace(stack.settings, home=tmp_path, kafka_config={"client.id": "mine"})
    assert down(tmp_path, Quiet()) == []
    assert stack.broker.is_ready()


def test_a_full_disk_is_said_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(ServiceError, match=r"The disk of .* has .* GiB free"):
        bring_up(tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.long
def test_every_topic_is_made_on_the_way_up(home):
    producer = Producer({"bootstrap.servers": Settings.load(home).bootstrap_servers})
    assert set(wanted_topics()) <= set(producer.list_topics(timeout=10).topics)
