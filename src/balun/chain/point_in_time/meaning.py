"""What a feature means, as the plainest SQL that says it: for facts, where the compiled is for speed."""

from __future__ import annotations

from collections.abc import Iterator

from balun.chain.duration import Duration
from balun.chain.feature import Aggregate, Feature, Latest, Value
from balun.chain.point_in_time.aggregate_sql import narrowed
from balun.chain.point_in_time.relation import Examples, Source
from balun.quoting import quoted

_FORMS = {
    "sum": "sum({0})", "mean": "avg({0})", "min": "min({0})", "max": "max({0})", "std": "stddev_samp({0})",
    "count_distinct": "count(DISTINCT {0})", "rate": "avg(({0})::INTEGER)", "first": "first({0} ORDER BY {1})",
    "last": "last({0} ORDER BY {1})",
}  # fmt: skip
_MINE = ("_balun_example", "_balun_at")


def meaning(name: str, feature: Feature, source: Source, examples: Examples) -> str:
    """A SELECT of the examples' id and the feature's outputs, one row an example; the declaration must compile.

    Rows are met by their own time: when each is known is a fact of its own, and left out here.
    """
    at = quoted(feature.at)
    met = [f"s.{quoted(key)} = e.{quoted(key)}" for key in feature.by]
    met.append(f"s.{at} {'<=' if feature.inclusive else '<'} e.{quoted(examples.at)}")
    where = f" WHERE ({feature.where}\n)" if feature.where else ""
    names = [f"s.{quoted(column)}" for column in source.columns]
    joined = (
        f"SELECT e.{quoted(examples.id)} AS {_MINE[0]}, e.{quoted(examples.at)} AS {_MINE[1]}, {', '.join(names)} "
        f"FROM {examples.relation} AS e "
        f"LEFT JOIN (SELECT * FROM {source.relation}{where}) AS s ON {' AND '.join(met)}"
    )
    outputs = ", ".join(f"{sql} AS {quoted(output)}" for output, sql in _outputs(name, feature, source))
    return f"SELECT {_MINE[0]} AS {quoted(examples.id)}, {outputs} FROM ({joined}) GROUP BY {_MINE[0]}"


def _outputs(name: str, feature: Feature, source: Source) -> Iterator[tuple[str, str]]:
    at = quoted(feature.at)
    if isinstance(feature, Latest):
        for output, column in feature.outputs(name):
            yield output, f"arg_max({quoted(column)}, {at}) FILTER (WHERE {_within(at, feature.max_age, feature)})"
        return
    order = ", ".join([at, *map(quoted, source.key)])
    for output, value, window in feature.outputs(name):
        yield output, _value(value, _within(at, window, feature), order)


def _value(value: Value, within: str, order: str) -> str:
    if value.function == "sql":
        return f"({narrowed(value.expression or '', within, order)}\n)"
    if value.function == "count":
        counted = "*" if value.expression is None else f"{value.expression}\n"
        return f"count({counted}) FILTER (WHERE {within})"
    return f"{_FORMS[value.function].format(f'({value.expression}{chr(10)})', order)} FILTER (WHERE {within})"


def _within(at: str, window: Duration | None, feature: Aggregate | Latest) -> str:
    """True of the rows of a window; of an example that meets none nothing is."""
    if window is None:
        return f"{at} IS NOT NULL"
    length = f"to_days({window.local_days})" if window.local_days else f"to_microseconds({window.us})"
    return f"{at} {'>' if feature.inclusive else '>='} {_MINE[1]} - {length}"
