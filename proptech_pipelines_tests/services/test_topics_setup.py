"""Topics: all there, as agreed, never made by use, never changed once they exist."""

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services import topics_setup
from proptech_pipelines.services.topics_setup import create_topics, wanted_topics
from proptech_pipelines.settings import Settings


@pytest.fixture
def admin(stack):
    return AdminClient({"bootstrap.servers": stack.settings.bootstrap_servers})


def config_of(admin: AdminClient, topic: str) -> dict[str, str]:
    (future,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    return {name: entry.value for name, entry in future.result().items()}


def test_every_topic_is_there_with_its_partitions(stack, admin):
    present = {name: len(item.partitions) for name, item in admin.list_topics(timeout=10).topics.items()}
    assert present.items() >= wanted_topics().items()
    assert {present[item.dead_letter_topic] for item in INPUT_TOPICS} == {1}
    assert present["property-processing-dlq"] == 1


@pytest.mark.parametrize("topic", ["property-views", "market-alerts", "property-views-dlq"])
def test_records_are_kept_168_hours_in_segments_of_1_gib(admin, topic):
    config = config_of(admin, topic)
    wanted = ("retention.ms", "segment.bytes", "message.timestamp.type")
    assert tuple(config[name] for name in wanted) == ("604800000", "1073741824", "CreateTime")


def test_a_topic_that_exists_keeps_its_configuration(stack, admin):
    def set_retention(value):
        entry = ConfigEntry("retention.ms", value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, "property-analytics", incremental_configs=[entry])
        (future,) = admin.incremental_alter_configs([resource]).values()
        future.result()

    set_retention("1234567")
    try:
        assert create_topics(stack.settings) == []
        assert config_of(admin, "property-analytics")["retention.ms"] == "1234567"
    finally:
        set_retention("604800000")


def test_use_makes_no_topic(admin):
    admin.list_topics("never-made", timeout=10)
    assert "never-made" not in admin.list_topics(timeout=10).topics


def test_a_cluster_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(topics_setup, "TIMEOUT_S", 1.0)
    with pytest.raises(ServiceError, match=r"Kafka at 127\.0\.0\.1:1 does not answer"):
        create_topics(Settings(home=tmp_path, bootstrap_servers="127.0.0.1:1"))
