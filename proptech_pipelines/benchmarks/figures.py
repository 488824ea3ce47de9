"""Figures and what they were measured on."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import psutil

from proptech_pipelines.errors import ServiceError

_PACKAGES = ("confluent-kafka", "dagster", "duckdb", "pyarrow", "fastavro")


@dataclass(frozen=True)
class Quantiles:
    """Median and 99th percentile of a number of measurements, in milliseconds."""

    p50: float
    p99: float
    count: int

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Quantiles | None":
        """The quantiles, None of nothing."""
        if not len(milliseconds):
            return None
        p50, p99 = np.percentile(np.asarray(milliseconds, dtype=np.float64), [50, 99])
        return cls(round(float(p50), 1), round(float(p99), 1), len(milliseconds))

    def as_json(self) -> dict[str, float]:
        """The figures by name."""
        return {"p50": self.p50, "p99": self.p99, "count": self.count}


def measured(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The figures that `module` of this package prints, run as a process of its own so that they are its own.

    Raises ServiceError if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", f"proptech_pipelines.benchmarks.{module}", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServiceError("The measured run failed.", "read its messages above.")
    return json.loads(done.stdout.splitlines()[-1])


def machine() -> dict[str, object]:
    """Cores, memory and processor of this machine."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "processor": platform.processor() or platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that matter."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def json_line(figures: dict[str, object]) -> str:
    """`figures` with versions and machine, on one line."""
    return json.dumps({**figures, "versions": versions(), "machine": machine()}, default=str)
