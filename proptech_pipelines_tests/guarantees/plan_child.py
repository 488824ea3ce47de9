"""Carries out the plan that leads to this installation's models on a home folder, to be killed at any instant.

python -m proptech_pipelines_tests.guarantees.plan_child HOME [--die-at N]
"""

import argparse
import itertools
from pathlib import Path

from proptech_pipelines.lake.connection import cursor
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.plan import carry_out, propose, tools_of
from proptech_pipelines.settings import Settings
from proptech_pipelines_tests.guarantees.stream_child import DyingConnection


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--die-at", type=int)
    options = parser.parse_args()
    settings = Settings.load(options.home)
    with open_lake(settings) as whole, Leases(settings) as leases:
        con = cursor(whole)
        if options.die_at is not None:
            con = DyingConnection(con, itertools.count(), options.die_at)
        graph = checkout_graph()
        plan = propose(con, graph)
        if plan is not None:
            carry_out(con, graph, plan, tools_of(settings, leases))


if __name__ == "__main__":
    main()
