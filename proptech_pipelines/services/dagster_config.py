"""`dagster.yaml`: Dagster's history in PostgreSQL, no telemetry, ticks in threads; and `workspace.yaml`."""

import json
from pathlib import Path
from urllib.parse import quote, urlencode

from psycopg2.extensions import parse_dsn

from proptech_pipelines.files import write_whole
from proptech_pipelines.services.dagster_code import DagsterCode

_CONFIG = """\
# Written by `proptech up`.
storage:
  custom:
    module: proptech_pipelines.defs.storage
    class: PooledPostgresStorage
    config:
      postgres_url: "{url}"
telemetry:
  enabled: false
nux:
  enabled: false
run_launcher:
  module: dagster
  class: DefaultRunLauncher
run_queue:
  max_concurrent_runs: 8
  dequeue_interval_seconds: 3
  dequeue_use_threads: true
  dequeue_num_workers: 2
sensors:
  use_threads: true
  num_workers: 4
schedules:
  use_threads: true
  num_workers: 2
retention:
  sensor:
    purge_after_days:
      skipped: 1
      success: 30
      failure: 30
"""


_WORKSPACE = """\
# Written by `proptech up`.
load_from:
  - grpc_server:
      socket: {socket}
      location_name: {location}
"""


def write_config(home: Path, dsn: str, code: DagsterCode) -> None:
    """Write `dagster.yaml` for the PostgreSQL at `dsn` (libpq) and `workspace.yaml` for `code` into `<home>/dagster`.

    Only their owner can read them.
    """
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    locations = _WORKSPACE.format(socket=json.dumps(str(code.socket)), location=json.dumps(code.definitions))
    write_whole(folder / "dagster.yaml", _CONFIG.format(url=sqlalchemy_url(dsn)), is_private=True)
    write_whole(workspace(home), locations, is_private=True)


def workspace(home: Path) -> Path:
    """The file that leads webserver and daemon of `home` to their code server."""
    return home / "dagster" / "workspace.yaml"


def sqlalchemy_url(dsn: str) -> str:
    """The SQLAlchemy address of the libpq string `dsn`. It names psycopg2: the default is another driver."""
    parts = parse_dsn(dsn)
    database = quote(parts.pop("dbname", "postgres"), safe="")
    return f"postgresql+psycopg2:///{database}?{urlencode(parts, safe='/', quote_via=quote)}"
