"""Carries out the plan that leads to this installation's models on a home folder, to be killed at any instant.

python -m proptech_pipelines_tests.guarantees.plan_child HOME [--die-at N]
"""

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.pipeline.plan import carry_out, propose, tools_of
from proptech_pipelines_tests.guarantees.dying import on_lake


def work(con, leases, settings) -> None:
    graph = checkout_graph()
    plan = propose(con, graph)
    if plan is not None:
        carry_out(con, graph, plan, tools_of(settings, leases))


if __name__ == "__main__":
    on_lake(work)
