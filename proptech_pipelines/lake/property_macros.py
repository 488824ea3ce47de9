"""Table macros that the lake carries for whoever attaches it: properties as they were, and a search.

They are made with the tables of the lake, and anew when tables are swapped. Names in them are bare, so `USE <lake>`
comes first.
"""

from proptech_pipelines.models.graph import Graph

AS_OF = ("property_current", "property_history", "property_history_marks")
"""The models that can be asked for at an earlier time, each by the macro `<name>_as_of`."""
SEARCH = "search_properties"
NEEDED = frozenset({*AS_OF, "property_search_index"})
NO_LIMIT = 2_147_483_647
"""What a search that sets no highest number of rooms is called with."""
HIGHEST_PRICE = 1_000_000_000_000

_FOREVER = "timestamp '9999-12-31'"
_TRAIL = """
    select * from stg_property_events
    where event_time <= as_of and commit_number <= (
        select coalesce(max(input_commit), 0) from ledger where writer = '{family}' and committed_at <= as_known
    )"""
_SEARCH = f"""
create or replace macro {SEARCH}(
    min_beds := 0, max_beds := {NO_LIMIT}, min_baths := 0, max_baths := {NO_LIMIT},
    min_price := 0, max_price := {HIGHEST_PRICE}, in_city := '', in_zip := '', in_state := '', of_type := ''
) as table
select *
from property_search_index
where coalesce(bedrooms between min_beds and max_beds, min_beds = 0 and max_beds = {NO_LIMIT})
    and coalesce(bathrooms between min_baths and max_baths, min_baths = 0 and max_baths = {NO_LIMIT})
    and coalesce(price between min_price and max_price, min_price = 0 and max_price = {HIGHEST_PRICE})
    and (in_city = '' or lower(trim(city)) = lower(trim(in_city)))
    and (in_zip = '' or zip_code = in_zip)
    and (in_state = '' or state_code = upper(in_state))
    and (of_type = '' or lower(replace(replace(replace(property_type, '_', ''), '-', ''), ' ', ''))
        = lower(replace(replace(replace(of_type, '_', ''), '-', ''), ' ', '')))
order by price nulls last, property_id"""


def property_macros(graph: Graph) -> list[str]:
    """The statements that make the macros, or make them anew; none if `graph` lacks the models that they read.

    `property_current_as_of(as_of := ..., as_known := ...)` is `property_current` after the steps with
    `event_time <= as_of` that the family had taken in by the moment `as_known` of its ledger, both UTC, both without
    a bound unless given; `property_history_as_of` is the trail of these steps, `property_history_marks_as_of` what
    is odd about them. `search_properties(min_beds := ..., ...)` gives documents, the cheapest first; all bounds are
    included, and what a document does not say meets no bound that is given.
    """
    if not graph.models.keys() >= NEEDED:
        return []
    return [*(_as_of(graph, name) for name in AS_OF), _SEARCH]


def _as_of(graph: Graph, name: str) -> str:
    """The macro for `name`: the very models of `graph` over the steps that were known then."""
    model = graph[name]
    clauses = [
        f"{item.name} as ({_TRAIL.format(family=model.family) if item.kind == 'staging' else item.sql}\n)"
        for item in graph.upstream(name)
    ]
    return (
        f"create or replace macro {name}_as_of(as_of := {_FOREVER}, as_known := {_FOREVER}) as table "
        f"with {', '.join(clauses)} select * from ({model.sql}\n)"
    )
