"""The simulator as a service."""

import time

from confluent_kafka import Consumer, TopicPartition

from proptech_pipelines.services.simulator import Simulator


def records(bootstrap_servers: str) -> int:
    """How many records the topic of views has held."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "count"})
    partitions = consumer.list_topics("property-views", timeout=10).topics["property-views"].partitions
    marks = [
        consumer.get_watermark_offsets(TopicPartition("property-views", number)) for number in partitions
    ]
    consumer.close()
    return sum(end for _, end in marks)


def test_it_sends_events_until_it_is_stopped_and_knows_its_rate(stack):
    stack.settings.store()
    address = stack.settings.bootstrap_servers
    before = records(address)
    simulator = Simulator(stack.settings.home, 50)
    simulator.start()
    try:
        first = simulator.process()
        assert simulator.has_another_rate() is False
        assert Simulator(stack.settings.home, 60).has_another_rate() is True
        deadline = time.monotonic() + 30
        while records(address) == before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert records(address) > before
    finally:
        simulator.stop()
    assert not first.is_running()
    assert Simulator(stack.settings.home, 60).has_another_rate() is False
