"""The graph of models: who reads whom, which family stores what, and in which order they advance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from proptech_pipelines.errors import ModelError
from proptech_pipelines.models.fold import Fold, fold_of
from proptech_pipelines.models.model import Model, parse_select
from proptech_pipelines.models.names import has_star, names_read
from proptech_pipelines.models.row_wise import row_wise

STREAM_TIMES = "stream_times"
"""Given by the lake: topic, and the least stream time of its partitions at the family's own cut."""
READMISSIONS = "readmissions"
"""Given by the lake: its table of late records that were re-admitted."""
TOPIC_IDS = "topic_ids"
"""Given by the lake: topic_id, and the topic that bears or bore it."""
GIVEN = {STREAM_TIMES: "ledger", READMISSIONS: READMISSIONS, TOPIC_IDS: "log_ranges"}
"""What the lake gives beside models, and the table of the log that it comes from. Only views that nothing stores read
it: it changes without new rows."""


@dataclass(frozen=True)
class Graph:
    """All models by name, checked and in topological order (inputs first)."""

    models: Mapping[str, Model]

    @classmethod
    def of(cls, models: Iterable[Model]) -> "Graph":
        """Order `models`. Raises ModelError for a missing input, a cycle, or a stored input of another family."""
        by_name: dict[str, Model] = {}
        for model in models:
            if model.name in by_name:
                raise ModelError(f"two models are named {model.name}.", "rename one.")
            by_name[model.name] = model
        ordered: dict[str, Model] = {}
        for name in by_name:
            _visit(name, by_name, ordered, ())
        graph = cls(ordered)
        for model in ordered.values():
            graph.check_family(model)
        return graph

    def __getitem__(self, name: str) -> Model:
        return self.models[name]

    @cached_property
    def staging(self) -> tuple[Model, ...]:
        """The staging models, one a topic."""
        return tuple(model for model in self.models.values() if model.kind == "staging")

    @cached_property
    def market(self) -> tuple[Model, ...]:
        """All other models: the tables that people read."""
        return tuple(model for model in self.models.values() if model.kind != "staging")

    @cached_property
    def families(self) -> tuple[str, ...]:
        """Names of the families, in the order of their first stored model."""
        return tuple(dict.fromkeys(model.family for model in self.models.values() if model.is_stored))

    @cached_property
    def folds(self) -> Mapping[str, Fold]:
        """Keys and merges of every fold."""
        return {model.name: fold_of(model) for model in self.models.values() if model.kind == "fold"}

    def stored(self, family: str) -> tuple[Model, ...]:
        """The stored models of `family`, inputs first."""
        return tuple(model for model in self.models.values() if model.is_stored and model.family == family)

    def keeps_sums_alone(self, family: str) -> bool:
        """Whether `family` stores folds, what is worked out of them, and late rows: it holds few rows of a slice."""
        stored = self.stored(family)
        late = {model.conserves.late for model in stored if model.conserves}
        return all(
            model.kind == "fold"
            or model.name in late
            or (model.kind == "recompute" and all(root.kind == "fold" for root in self.roots(model.name)))
            for model in stored
        )

    def every_seconds(self, family: str) -> int:
        """At most so often `family` takes in what came."""
        return max(model.every_seconds for model in self.stored(family))

    def writer(self, family: str) -> str:
        """Who advances the tables of `family`: the family itself, or what builds its next generation."""
        first = self.stored(family)[0]
        return family if first.is_live else f"{family}__{first.generation}"

    def head_generation(self, family: str) -> int:
        """What the head of that writer must say, lest rows go into tables that were swapped out."""
        first = self.stored(family)[0]
        return first.generation if first.is_live else 1

    def upstream(self, name: str) -> tuple[Model, ...]:
        """Models that `name` reads, directly or through others, inputs first; `name` itself is not among them."""
        found: dict[str, Model] = {}
        for parent in self.models[name].inputs:
            if parent not in GIVEN:
                found.update({model.name: model for model in self.upstream(parent)})
                found[parent] = self.models[parent]
        return tuple(found.values())

    def roots(self, name: str) -> tuple[Model, ...]:
        """The staging and stored models that `name` reads, seen through views."""
        found: dict[str, Model] = {}
        for parent in self.models[name].inputs:
            if parent in GIVEN:
                continue
            model = self.models[parent]
            seen = (model,) if model.kind != "view" else self.roots(parent)
            found.update({item.name: item for item in seen})
        return tuple(found.values())

    def source_of(self, name: str) -> Model | None:
        """The staging model of whose rows those of `name` are made one by one, through views; None if it is not so."""
        model = self.models[name]
        if model.kind == "staging":
            return model
        if model.kind != "view" or not _is_row_wise(model):
            return None
        sources = {self.source_of(parent) for parent in model.inputs}
        return sources.pop() if len(sources) == 1 else None

    def staging_of(self, family: str) -> tuple[Model, ...]:
        """The staging models that `family` consumes."""
        found: dict[str, Model] = {}
        for model in self.stored(family):
            found.update({item.name: item for item in self.upstream(model.name) if item.kind == "staging"})
        return tuple(found.values())

    def topics_of(self, family: str) -> frozenset[str]:
        """The topics that `family` consumes."""
        return frozenset(model.topic for model in self.staging_of(family))

    def names_read(self, family: str, staging: str) -> frozenset[str] | None:
        """The names that the models of `family` write in their SQL and headers, in small letters.

        None if one of them reads all columns of `staging` without naming them.
        """
        found: set[str] = set()
        for stored in self.stored(family):
            for model in (stored, *self.upstream(stored.name)):
                if model.kind != "staging":
                    names, is_all = _names_in(model)
                    if is_all and staging in model.inputs:
                        return None
                    found |= names
        return frozenset(found)

    def check_family(self, model: Model) -> None:
        """Raise ModelError if a stored model reads what another family stores: their cuts differ."""
        if not model.is_stored:
            return
        for root in self.roots(model.name):
            if root.kind != "staging" and root.family != model.family:
                raise ModelError(
                    f"{model.name} of family {model.family} reads {root.name} of family {root.family}, "
                    "whose rows are at another cut.",
                    "put both into one family, or read what the other reads.",
                )


@cache
def _is_row_wise(model: Model) -> bool:
    return not any(row_wise(model, parse_select(model.name, model.sql)))


@cache
def _names_in(model: Model) -> tuple[frozenset[str], bool]:
    """Names of columns in the SQL and the header of `model`, and whether it reads all columns of some input."""
    tree = parse_select(model.name, model.sql)
    header = {*model.key, *model.identity, model.time, model.moment, model.day_of}
    return names_read(tree) | header, has_star(tree)


def _visit(name: str, by_name: Mapping[str, Model], ordered: dict[str, Model], path: tuple[str, ...]) -> None:
    if name in ordered or name in GIVEN:
        return
    if name in path:
        raise ModelError(
            f"models read each other in a circle: {' -> '.join((*path, name))}.", "break the circle."
        )
    model = by_name[name]
    for parent in model.inputs:
        if parent not in by_name and parent not in GIVEN:
            raise ModelError(
                f"{name} reads {parent}, which is no model.", "correct the name or add the model."
            )
        _visit(parent, by_name, ordered, (*path, name))
    ordered[name] = model
