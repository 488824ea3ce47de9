"""Recompute by group: the model runs on the groups that a slice touches, and the difference is appended."""

from proptech_pipelines.engines.session import Session
from proptech_pipelines.models import slices
from proptech_pipelines.models.model import Model


def touch_groups(session: Session, model: Model, part: slices.Slice) -> None:
    """Put the keys of the groups that `part` changes into the temporary table `touched`."""
    whole = session.whole_leaf(part.high)
    changed = " union ".join(
        slices.changed_keys(session.graph, model, whole, root, session.delta(root))
        for root in session.graph.roots(model.name)
    )
    if not model.reads:
        session.temporary("touched", changed)
        return
    session.temporary("changed", changed)
    candidates = slices.all_keys(session.graph, model, whole)
    session.temporary("touched", slices.touched_through_reads(model, "changed", candidates))


def recompute_groups(session: Session, model: Model, high: int) -> str:
    """Put the signed change of the groups in `touched` into `delta_<model>`; the table of their new rows."""
    bounds = _bounds(session, model, "touched")
    touched = session.in_units(model.key, "touched")
    needed, wanted = "touched", touched
    if model.reads:
        needed = "needed"
        session.temporary(needed, slices.needed_through_reads(model, "touched"))
        wanted = session.in_units(model.key, needed)
    leaf = session.whole_leaf(high, model, needed, "" if model.reads else bounds)
    new = slices.wrapped(
        session.graph,
        model,
        leaf,
        direct=lambda parent: f"select * from {parent.name}__whole where {wanted}",
    )
    session.temporary("new_rows", f"select * from ({new}) where {touched}")
    session.temporary("old_rows", slices.whole_rows(model, f"lake.{model.table}", f"{touched}{bounds}"))
    session.put_difference(model)
    return "new_rows"


def _bounds(session: Session, model: Model, keys: str) -> str:
    if model.day_of not in model.key:
        return ""
    found = session.literals(model.day_of, keys)
    return "" if found is None else f" and {model.day_of} >= '{found[0]}' and {model.day_of} <= '{found[1]}'"
