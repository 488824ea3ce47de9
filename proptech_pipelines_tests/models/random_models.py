"""Random graphs of small models and edits of them, with names that get into each other's way on purpose."""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model
from proptech_pipelines_tests.models.small_models import STAGING, VIEW, model

AVRO = ("price", "bedrooms", "squareFootage")
NAMES = ("x", "y", "z", "w")
TEMPLATES = {
    "plain": "select {items} from {source}{where}",
    "star": "select *, {items} from {source}{where}",
    "distinct": "select distinct {items} from {source}{where}",
    "with": "with part as (select {inner} from {source}{where}) select {items} from part",
    "with star": "with part as (select *, {inner} from {source}{where}) select {items} from part",
    "union": "with part as (select * from {source}{where} union select * from {source}) select {items} from part",
    "group": "select {items}, count(*) as n from {source}{where} group by {keys}",
    "group all": "select {items}, count(*) as n from {source}{where} group by {keys}",
    "natural": "select {items} from {source} natural join {source} as other{where}",
    "window": "select {items}, count(*) {over} as n from {source}{where}",
}
FORMS = tuple(TEMPLATES)


@dataclass(frozen=True)
class Part:
    """A SELECT over one input by its pieces; `items` are expressions with their names."""

    source: str
    form: str
    items: tuple[tuple[str, str], ...]
    inner: tuple[tuple[str, str], ...]
    """The columns of the WITH part, for the forms that have one."""
    where: str = ""

    def sql(self) -> str:
        """As it is written."""
        keys = "all" if self.form == "group all" else ", ".join(name for name, _ in self.inner)
        return TEMPLATES[self.form].format(
            source=self.source,
            items=_listed(self.items),
            inner=_listed(self.inner),
            where=f" where {self.where}" if self.where else "",
            keys=keys,
            over=f"over (partition by {self.inner[0][0]} order by {self.items[0][0]})",
        )


@st.composite
def graph_pairs(draw: st.DrawFn) -> tuple[Graph, Graph]:
    """A staging model `s`, a view `a` over it and a view `b` over that; and the same after some edits."""
    staged = tuple(zip(draw(st.permutations(AVRO)), draw(st.permutations(NAMES)), strict=False))
    above = draw(_parts("s", tuple(name for _, name in staged)))
    below = draw(_parts("a", tuple(name for _, name in above.items)))
    old = staged, above, below
    new = (
        draw(_edited_items(staged, AVRO)) if draw(st.booleans()) else staged,
        draw(_edits(above)) if draw(st.integers(0, 2)) == 0 else above,
        draw(_edits(below)) if draw(st.integers(0, 2)) == 0 else below,
    )
    return _graph(*old), _graph(*new)


@st.composite
def _parts(draw: st.DrawFn, source: str, columns: tuple[str, ...]) -> Part:
    some = st.sampled_from(columns)
    inner = [(draw(some), draw(some)) for _ in range(2)]
    form = draw(st.sampled_from(FORMS))
    seen = [name for _, name in inner] if form == "with" else [*columns]
    items = [(draw(_expressions(seen)), name) for name in draw(_some_names())]
    if form.startswith("group"):
        items = [(draw(st.sampled_from([name for name, _ in inner])), items[0][1])]
    where = draw(st.sampled_from(["", "", f"{draw(some)} > 1"]))
    named = {name: (each, name) for each, name in inner}
    return Part(source, form, tuple(items), tuple(named.values()), where)


def _some_names() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)


@st.composite
def _expressions(draw: st.DrawFn, columns: list[str]) -> str:
    column = st.sampled_from([*columns, *columns, *NAMES])
    shape = draw(st.sampled_from(["{}", "{}", "{} + 1", "{} * {}", "unnest([{}, 1])", "max({})"]))
    return shape.format(draw(column), draw(column))


@st.composite
def _edits(draw: st.DrawFn, part: Part) -> Part:
    match draw(st.sampled_from(["items", "items", "items", "inner", "where", "form"])):
        case "items":
            return replace(part, items=draw(_edited_items(part.items, NAMES)))
        case "inner":
            return replace(part, inner=draw(_edited_items(part.inner, NAMES)))
        case "where":
            return replace(part, where=draw(st.sampled_from(["", "x > 2", "y > 1"])))
        case _:
            return replace(part, form=draw(st.sampled_from(FORMS)))


@st.composite
def _edited_items(
    draw: st.DrawFn, items: tuple[tuple[str, str], ...], columns
) -> tuple[tuple[str, str], ...]:
    found, at = [*items], draw(st.integers(0, len(items) - 1))
    match draw(st.sampled_from(["add", "add", "add", "change", "remove"])):
        case "add":
            free = [name for name in (*NAMES, "v") if name not in {name for _, name in items}] or ["u"]
            expression = draw(
                st.one_of(st.sampled_from([f"{name}" for name in columns]), _expressions([*columns]))
            )
            found.insert(draw(st.integers(0, len(items))), (expression, draw(st.sampled_from(free))))
        case "change":
            found[at] = (f"{found[at][0]} + 5", found[at][1])
        case _:
            found = found[:at] + found[at + 1 :] or found
    return tuple(found)


def _graph(staged: tuple[tuple[str, str], ...], above: Part, below: Part) -> Graph:
    models: list[Model] = [
        model("s", STAGING, f"select {_listed(staged)} from decoded"),
        model("a", VIEW, above.sql()),
        model("b", VIEW, below.sql()),
    ]
    return Graph.of(models)


def _listed(items: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{expression} as {name}" for expression, name in items)
