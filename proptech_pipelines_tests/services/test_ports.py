"""Ports are chosen once; a taken one is named with its holder."""

import json
import os
import re
import socket

import pytest

from proptech_pipelines.errors import PortTaken
from proptech_pipelines.services.ports import Ports, is_free, require_free


@pytest.fixture
def held():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_preferred_port_is_taken_when_it_is_free(tmp_path):
    assert Ports(tmp_path).get("kafka", 20_001 if is_free(20_001) else 20_003) in {20_001, 20_003}


def test_another_is_chosen_when_the_preferred_one_is_held(tmp_path, held):
    chosen = Ports(tmp_path).get("kafka", held)
    assert chosen != held
    assert 20_000 <= chosen < 30_000


def test_a_port_stays_the_same(tmp_path):
    first = Ports(tmp_path).get("kafka")
    assert Ports(tmp_path).get("kafka", 9092) == first
    assert json.loads((tmp_path / "ports.json").read_text()) == {"kafka": first}


def test_no_port_is_given_out_twice(tmp_path):
    ports = Ports(tmp_path)
    assert len({ports.get("a", 20_007), ports.get("b", 20_007), ports.get("c")}) == 3


def test_a_held_port_is_named_with_its_holder(held):
    message = re.escape(f"Port {held} of 127.0.0.1, meant for Kafka, is held by ")
    with pytest.raises(PortTaken, match=message + rf".* \(pid {os.getpid()}\)") as caught:
        require_free(held, "Kafka")
    assert (caught.value.port, caught.value.pid) == (held, os.getpid())
    assert caught.value.do == "end that process, or write another port into ports.json in the home folder."


def test_a_free_port_is_no_error(held):
    assert not is_free(held)
    require_free(next(port for port in range(20_100, 20_200) if is_free(port)), "Kafka")
