"""Which columns a SELECT names, and where it takes all columns of an input without naming them."""

from sqlglot import exp


def is_star(item: exp.Expr) -> bool:
    """Whether a projection is `*`, or that of one input."""
    return isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star))


def outer_star(tree: exp.Select) -> bool:
    """Whether the SELECT itself takes all columns of an input."""
    return any(is_star(item) for item in tree.expressions)


def has_star(tree: exp.Expr) -> bool:
    """Whether all columns of an input are taken anywhere, `count(*)` aside."""
    return any(is_star(item) for select in tree.find_all(exp.Select) for item in select.expressions)


def names_read(tree: exp.Expr) -> frozenset[str]:
    """Names of columns that occur, qualified or not, in small letters."""
    return frozenset({item.name.lower() for item in tree.find_all(exp.Column)} | joined_by_name(tree))


def joined_by_name(tree: exp.Expr) -> set[str]:
    """Names in USING clauses, in small letters."""
    using = [item for join in tree.find_all(exp.Join) for item in join.args.get("using") or ()]
    return {item.name.lower() for item in using}
