"""Whose client settings count."""

import pytest

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.kafka.client import OURS, client_config
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.services.topics_setup import create_topics
from proptech_pipelines.settings import Settings


def settings(tmp_path, **kafka_config):
    given = {name.replace("_", "."): value for name, value in kafka_config.items()}
    return Settings(tmp_path, bootstrap_servers="127.0.0.1:1", kafka_config=given)


def test_the_users_settings_win_over_ours(tmp_path):
    found = client_config(
        settings(tmp_path, linger_ms="7", security_protocol="SSL"), linger_ms=5, group_id="g"
    )
    assert (found["linger.ms"], found["security.protocol"], found["group.id"]) == ("7", "SSL", "g")


@pytest.mark.parametrize("name", OURS)
def test_what_exactly_once_rests_on_is_nobody_elses(tmp_path, name):
    given = Settings(tmp_path, bootstrap_servers="127.0.0.1:1", kafka_config={name: "x"})
    for use in (client_config, Cluster, create_topics):
        with pytest.raises(SettingsError, match=f"{name} in kafka_config would let records be lost"):
            use(given)


def test_a_setting_that_the_client_does_not_know_is_refused_by_name(tmp_path):
    for use in (Cluster, create_topics):
        with pytest.raises(SettingsError, match=r"refuses its settings: .*securty\.protocol"):
            use(settings(tmp_path, securty_protocol="SSL"))
