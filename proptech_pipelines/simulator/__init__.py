"""A producer like any other: real homes and market figures, and drawn from a seed what happens around them.

`produce` sends the stream to Kafka; `python -m proptech_pipelines.simulator` is the same from a shell.
"""

from proptech_pipelines.simulator.options import Options
from proptech_pipelines.simulator.sending import Produced, produce
from proptech_pipelines.simulator.world import ALL_TOPICS

__all__ = ["ALL_TOPICS", "Options", "Produced", "produce"]
