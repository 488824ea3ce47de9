"""The stack that other tests stand on: complete, on the loopback address alone, and hard to break."""

import psutil
import psycopg2
import pytest

from proptech_pipelines.services import topics_setup
from proptech_pipelines.services.process import marked
from proptech_pipelines.services.schemas_setup import register_schemas
from proptech_pipelines.services.topics_setup import broker_answers, create_topics


def test_every_service_is_ready(stack):
    assert [item.is_ready() for item in (stack.postgres, stack.broker, stack.registry)] == [True, True, True]


def test_nothing_listens_on_another_address_than_loopback(stack):
    listening = {
        (service.name, item.laddr.ip)
        for service in (stack.postgres, stack.broker, stack.registry)
        for process in service.members()
        for item in process.net_connections("inet")
        if item.status == psutil.CONN_LISTEN
    }
    assert listening == {("kafka", "127.0.0.1"), ("registry", "127.0.0.1")}


@pytest.mark.long
@pytest.mark.parametrize("name", ["postgres", "broker", "registry"])
def test_a_killed_service_starts_again_where_it_was(stack, name):
    service = getattr(stack, name)
    before = register_schemas(stack.settings.schema_registry_url)
    service.kill()
    assert not service.is_ready()
    service.start()
    assert register_schemas(stack.settings.schema_registry_url) == before
    assert create_topics(stack.settings) == []
    assert marked(stack.settings.home, service.name)[0].pid == service.process().pid


def test_the_catalog_takes_tables(stack):
    connection = psycopg2.connect(stack.settings.catalog)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("create temp table t as select 1 as a")
            cursor.execute("select current_database(), a from t")
            assert cursor.fetchall() == [("proptech", 1)]
    finally:
        connection.close()


def test_an_unreachable_broker_does_not_answer(monkeypatch):
    monkeypatch.setattr(topics_setup, "TIMEOUT_S", 1.0)
    assert not broker_answers("127.0.0.1:1")
