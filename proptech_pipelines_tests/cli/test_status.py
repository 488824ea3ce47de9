"""`proptech status` shows the truth in every state."""

import re

from confluent_kafka import Producer

from proptech_pipelines.lake.opening import open_lake


def rows(out: str) -> dict[str, list[str]]:
    """The cells of each printed row, by the first cell."""
    cells = [
        [cell.strip() for cell in line.strip("│ ").split("│")] for line in out.splitlines() if "│" in line
    ]
    return {first: rest for first, *rest in cells if first}


def test_services_lag_and_rows_are_shown(run, stack):
    stack.settings.store()
    with open_lake(stack.settings):
        pass
    producer = Producer({"bootstrap.servers": stack.settings.bootstrap_servers})
    for _ in range(3):
        producer.produce("user-interactions", value=b"x")
    assert producer.flush(30) == 0
    ended = run("status", "--home", stack.settings.home)
    assert ended.code == 0
    shown = rows(ended.out)
    assert {name: shown[name][0] for name in ("postgres", "kafka", "registry", "simulator")} == {
        "postgres": "running",
        "kafka": "running",
        "registry": "running",
        "simulator": "stopped",
    }
    assert shown["kafka"][1:3] == [stack.settings.bootstrap_servers, str(stack.broker.process().pid)]
    end, lag = (int(cell.replace(",", "")) for cell in shown["user-interactions"])
    assert end >= lag >= 3
    assert shown["event_log"] == ["0"]
    assert "head_ingest" not in shown
    assert "No market alert yet." in ended.out


def test_a_lake_whose_server_is_down_is_a_state_and_no_failure(run, tmp_path):
    (tmp_path / "settings.json").write_text('{"catalog": "host=/nowhere port=5432 dbname=x"}')
    ended = run("status", "--home", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"The lake cannot be read now: The lake's catalog\s+cannot be opened", ended.out)
