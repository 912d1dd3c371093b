"""Words of a warehouse that sqlglot doesn't write for DuckDB, or writes as what nobody wrote."""

from __future__ import annotations

import sqlglot.expressions as exp

from balun.dbt.parts import Parts
from balun.dbt.stand_in import PATHS, argument

_UNITS = {
    "MM": "MONTH", "MON": "MONTH", "MONTHS": "MONTH", "Y": "YEAR", "YY": "YEAR", "YYYY": "YEAR", "YYY": "YEAR",
    "Q": "QUARTER", "DD": "DAY", "D": "DAY", "WW": "WEEK", "IW": "WEEK", "HH": "HOUR", "MI": "MINUTE", "SS": "SECOND",
}  # fmt: skip


def plainer(parts: Parts) -> None:
    for final in parts.of(exp.Final):
        final.replace(final.this)
    for table in parts.of(exp.Table):
        for word in ("when", "version", "changes"):
            table.set(word, None)  # rows as they were at another time are rows like others
    for sample in parts.of(exp.TableSample):
        if sample.parent is not None and sample.parent.args.get("sample") is sample:
            sample.parent.set("sample", None)
    _calls(parts)
    _times(parts)
    for pivot in parts.of(exp.Pivot):
        _pivot(pivot)
    for values in parts.of(exp.Values):
        _values(values)


def _calls(parts: Parts) -> None:
    for safe in parts.of(exp.SafeFunc):
        safe.replace(safe.this)
    for net in parts.of(exp.NetFunc):
        args = list(net.this.iter_expressions())
        net.replace(exp.Anonymous(this=f"net_{net.this.key}_as_varchar", expressions=args))
    for dot in parts.of(exp.Dot):
        if isinstance(dot.expression, exp.Anonymous) and not isinstance(dot.this, exp.Func):
            dot.replace(dot.expression)  # a function of the warehouse's own, called with its schema
    for made in parts.of(exp.ArrayAgg, exp.GroupConcat, exp.ArrayConcatAgg):
        if isinstance(made.this, exp.Limit):
            made.set("this", made.this.this)  # more values than it keeps, and those among them
    for initcap in parts.of(exp.Initcap):
        initcap.replace(exp.Anonymous(this="initcap_as_varchar", expressions=[initcap.this]))
    _nested(parts)


def _nested(parts: Parts) -> None:
    for member in parts.of(exp.In):
        if member.args.get("unnest") is not None:
            args = [member.this, *member.args["unnest"].expressions]
            member.replace(exp.Anonymous(this="in_list_as_boolean", expressions=args))
    for path in parts.of(*PATHS):
        about = path.parent
        if isinstance(about, exp.Func) and not isinstance(about, (exp.Cast, exp.And, exp.Or, exp.Case, exp.If, *PATHS)):
            path.replace(argument(path))
    for cast in parts.of(exp.Cast, exp.TryCast):
        if cast.to.this in {exp.DType.GEOGRAPHY, exp.DType.GEOMETRY}:
            cast.replace(exp.Anonymous(this="geography_as_varchar", expressions=[cast.this]))


def _times(parts: Parts) -> None:
    for extract in parts.of(exp.Extract):
        if extract.this.name.upper() in {"DATE", "TIME"}:
            extract.replace(exp.cast(extract.expression, extract.this.name))
    for truncated in parts.of(exp.DateTrunc, exp.TimestampTrunc, exp.DatetimeTrunc):
        unit = truncated.args.get("unit")
        if isinstance(unit, exp.Literal | exp.Var) and unit.name.upper() in _UNITS:
            unit.set("this", _UNITS[unit.name.upper()])


def _pivot(pivot: exp.Pivot) -> None:
    """Its columns' names are written beside it, where only the table they stand in is named."""
    alias = pivot.args.get("alias")
    names = list(alias.args.get("columns") or ()) if isinstance(alias, exp.TableAlias) else []
    made = pivot.args.get("columns") or []
    if pivot.args.get("unpivot") or not names or len(names) < len(made):
        return
    pivot.meta["groups"] = [one.name for one in names[: len(names) - len(made)]]


def _values(values: exp.Values) -> None:
    """What Snowflake calls the columns that nobody named."""
    if values.args.get("alias") is None and isinstance(values.parent, exp.From | exp.Join):
        first = values.expressions[0] if values.expressions else None
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        names = [exp.to_identifier(f"column{at}") for at in range(1, width + 1)]
        values.set("alias", exp.TableAlias(this=exp.to_identifier("of_values"), columns=names))
