"""Event logs to try the tables on: small nasty ones by hypothesis, a large realistic one from a seed."""

from proptech_pipelines_tests.logs.batching import interleavings, splits
from proptech_pipelines_tests.logs.strategies import logs, logs_on
from proptech_pipelines_tests.logs.traffic import traffic

__all__ = ["interleavings", "logs", "logs_on", "splits", "traffic"]
