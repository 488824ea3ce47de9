"""Downloads are whole or not there."""

import re

import pytest

from proptech_pipelines.errors import DownloadFailed
from proptech_pipelines.services import artifacts
from proptech_pipelines.services.progress import Quiet


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROPTECH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("get", [artifacts.kafka_jars, artifacts.registry_folder])
def test_no_network_is_a_clear_sentence_and_leaves_nothing(cache, monkeypatch, get):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with pytest.raises(DownloadFailed, match=re.escape(f"could not be downloaded into {cache}")) as caught:
        get(Quiet())
    assert caught.value.do.startswith("check the network")
    assert [item.suffix for item in cache.iterdir()] == [".lock"]


def test_a_download_that_breaks_off_is_begun_anew(cache):
    def breaks_off(staging, _progress):
        (staging / "half").mkdir()
        message = "connection reset"
        raise OSError(message)

    def is_whole(staging, _progress):
        (staging / "whole").mkdir()
        (staging / "whole" / "a.jar").write_text("a")
        return staging / "whole"

    with pytest.raises(DownloadFailed, match="connection reset"):
        artifacts._installed("thing", Quiet(), breaks_off)
    assert not (cache / "thing").exists()
    folder = artifacts._installed("thing", Quiet(), is_whole)
    assert sorted(item.name for item in cache.rglob("*")) == ["a.jar", "thing", "thing.lock"]
    assert artifacts._installed("thing", Quiet(), breaks_off) == folder


def test_what_a_kill_left_behind_is_removed(cache):
    (cache / "thing.part-killed" / "repository").mkdir(parents=True)

    def fetch(staging, _progress):
        (staging / "whole").mkdir()
        return staging / "whole"

    artifacts._installed("thing", Quiet(), fetch)
    assert sorted(item.name for item in cache.iterdir()) == ["thing", "thing.lock"]


def test_other_bytes_than_expected_are_refused():
    artifacts._verify("aa", "aa")
    with pytest.raises(ValueError, match="the checksum is ab, not aa"):
        artifacts._verify("ab", "aa")
