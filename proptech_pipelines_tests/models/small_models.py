"""Small models to try the rules on: `stg_sales` of columns zip_code and price, and what reads it."""

from proptech_pipelines.errors import ModelError
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model, parse_model
from proptech_pipelines.models.supported import check_model

STAGING = 'kind = "staging"\ntopic = "property-listings"'
VIEW = 'kind = "view"\nfamily = "f"\nday_of = "day"'
APPEND = 'kind = "append"\nfamily = "f"\nday_of = "day"\nidentity = ["topic_id", "kafka_partition", "kafka_offset"]'
FOLD = 'kind = "fold"\nfamily = "f"\nday_of = "day"'
RECOMPUTE = 'kind = "recompute"\nfamily = "f"\nday_of = "day"\nkey = ["zip_code"]'

SALES = "select zipCode as zip_code, price, cast(listedAt as date) as day from decoded"


def model(name: str, header: str, sql: str) -> Model:
    """A model of the folder `small`."""
    return parse_model(name, "small", f'/*\n{header}\ndescription = "Small"\n*/\n{sql}')


def stg_sales() -> Model:
    """The staging model that the others read."""
    return model("stg_sales", STAGING, SALES)


def totals() -> Model:
    """A fold by zip code."""
    return model(
        "totals",
        FOLD,
        "select zip_code, day, count(*) as sales, cast(sum(price) as decimal(38, 0)) as value "
        "from stg_sales group by zip_code, day",
    )


def graph(*models: Model) -> Graph:
    """A graph of `models` over `stg_sales`."""
    return Graph.of([stg_sales(), *models])


def problems(header: str, sql: str, *others: Model) -> str:
    """What is refused in a model of that header and SQL, which may read `others`."""
    tried = model("tried", header, sql)
    try:
        check_model(tried, graph(*others, tried))
    except ModelError as error:
        return error.message
    return ""
