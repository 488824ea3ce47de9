"""The registry's answers, its "there is none", and its silence, which is no record's fault."""

import json
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient

from proptech_pipelines.contracts.registry import Registry
from proptech_pipelines.contracts.topics import schema_text
from proptech_pipelines.errors import IncompatibleSchema, RegistryUnavailable

INNER = {"type": "record", "name": "Inner", "namespace": "x", "fields": [{"name": "s", "type": "string"}]}
OUTER = {
    "type": "record",
    "name": "Outer",
    "namespace": "x",
    "fields": [{"name": "inner", "type": "x.Inner"}],
}


@pytest.fixture
def registry(stack) -> Iterator[Registry]:
    with closing(Registry(stack.settings.schema_registry_url)) as opened:
        yield opened


def test_a_registered_schema_is_found_by_its_id_and_as_the_newest(registry):
    text = schema_text("property-views")
    schema_id = registry.register("property-views-value", text)
    assert registry.register("property-views-value", text) == schema_id
    assert json.loads(registry.schema(schema_id)) == json.loads(text)
    assert json.loads(registry.latest("property-views-value")) == json.loads(text)


def test_what_the_registry_does_not_know_is_none(registry):
    assert registry.schema(99_999_999) is None
    assert registry.schema(2**32 - 1) is None
    assert registry.schema(str(uuid.uuid4())) is None
    assert registry.latest("no such/subject") is None


def test_an_incompatible_schema_is_refused_in_the_registrys_words(registry):
    text = json.dumps(
        {**json.loads(schema_text("property-views")), "fields": [{"name": "a", "type": "string"}]}
    )
    with pytest.raises(IncompatibleSchema, match="property-views-value"):
        registry.register("property-views-value", text)


def test_references_are_put_in(registry, stack):
    subject = f"inner-{uuid.uuid4()}"
    registry.register(subject, json.dumps(INNER))
    outer_id = _register_outer(stack.settings.schema_registry_url, subject)
    found = json.loads(registry.schema(outer_id))
    assert found["fields"][0]["type"]["fields"] == INNER["fields"]


def _register_outer(url, inner_subject):
    with SchemaRegistryClient({"url": url}) as client:
        reference = SchemaReference("x.Inner", inner_subject, 1)
        return client.register_schema(f"outer-{uuid.uuid4()}", Schema(json.dumps(OUTER), "AVRO", [reference]))


def test_a_wrong_path_is_not_taken_for_an_unknown_schema(stack):
    with closing(Registry(stack.settings.schema_registry_url.replace("/apis/ccompat/v7", ""))) as registry:
        for ask in (
            lambda: registry.schema(1),
            lambda: registry.schema(str(uuid.uuid4())),
            lambda: registry.latest("x"),
        ):
            with pytest.raises(RegistryUnavailable):
                ask()


@contextmanager
def server_that(answer) -> Iterator[str]:
    """A server on the loopback address that answers each request by `answer(handler)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def do_POST(self):
            answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _status(code, body=b""):
    def answer(handler):
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        _status(500),
        _status(503),
        _status(401),
        _status(404),
        _status(429),
        _status(200, b"<html>"),
        _status(200, b"[]"),
        _status(200, b"{}"),
        _status(200, b'{"schema": null}'),
        _status(200, b'{"schema": {"type": "string"}}'),
        _status(200, b'{"error_code": 50001, "message": "down for maintenance"}'),
    ],
)
def test_whatever_else_a_server_answers_means_unavailable(answer):
    with server_that(answer) as url, closing(Registry(url)) as registry:
        for ask in (lambda: registry.schema(1), lambda: registry.schema("g"), lambda: registry.latest("s")):
            with pytest.raises(RegistryUnavailable):
                ask()
        with pytest.raises(RegistryUnavailable):
            registry.register("s", '"string"')


def test_a_confluent_answer_that_there_is_none_is_believed():
    body = b'{"error_code": 40403, "message": "Schema not found"}'
    with server_that(_status(404, body)) as url, closing(Registry(url)) as registry:
        assert registry.schema(1) is None
        assert registry.schema("g") is None


def test_a_closed_port_means_unavailable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with closing(Registry(url)) as registry, pytest.raises(RegistryUnavailable, match="Do: start it"):
        registry.schema(1)


def test_a_server_that_never_answers_means_unavailable():
    gone = threading.Event()
    with server_that(lambda _: gone.wait(10)) as url, closing(Registry(url, {"timeout": 0.2})) as registry:
        with pytest.raises(RegistryUnavailable):
            registry.schema(1)
        gone.set()
