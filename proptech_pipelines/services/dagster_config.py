"""`dagster.yaml`: Dagster's history in PostgreSQL, no telemetry, ticks in threads."""

from pathlib import Path
from urllib.parse import quote, urlencode

from psycopg2.extensions import parse_dsn

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


def write_config(folder: Path, dsn: str) -> None:
    """Write `dagster.yaml` into `folder` for the PostgreSQL at `dsn` (libpq), readable by its owner only."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "dagster.yaml.new"
    temporary.touch(mode=0o600)
    temporary.write_text(_CONFIG.format(url=sqlalchemy_url(dsn)))
    temporary.replace(folder / "dagster.yaml")


def sqlalchemy_url(dsn: str) -> str:
    """The SQLAlchemy address of the libpq string `dsn`. It names psycopg2: the default is another driver."""
    parts = parse_dsn(dsn)
    database = quote(parts.pop("dbname", "postgres"), safe="")
    return f"postgresql+psycopg2:///{database}?{urlencode(parts, safe='/', quote_via=quote)}"
