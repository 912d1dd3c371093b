"""What two columns that ought to agree differ in: the plainest form in which they do."""

from __future__ import annotations

from collections.abc import Sequence

from balun.engine import Engine
from balun.joins.form import PLAIN, Form, Link, is_shift, time_forms, value_forms
from balun.joins.side import NUMBERS, Column, Side, plainest
from balun.quoting import quoted

_GAIN, _NEAR = 0.01, 0.001
_ROWS = 3000
# A time that is off must find far more when it is put right, and other shifts of the clock must not.
_TIME_GAIN, _TIME_LEAST, _MOST_SHIFTS = 0.2, 0.5, 3


def value_form(left: Side, right: Side, one: Column, other: Column, engine: Engine) -> Form:
    """Of texts and numbers. Where no form finds more than plain equality does, that."""
    if one.kind in NUMBERS and other.kind in NUMBERS:
        return PLAIN
    _values(left, one, "l", engine)
    _values(right, other, "r", engine)
    forms = value_forms(one, other)
    plain = next(forms)
    first = _share(_put(plain.left), _put(plain.right), engine)
    if first >= 1 - _GAIN:
        return plain
    target = _share(plainest("v", one.kind), plainest("v", other.kind), engine)
    if target <= first + _GAIN:
        return plain
    return next((form for form in forms if _share(_put(form.left), _put(form.right), engine) >= target - _NEAR), plain)


def _put(form: str) -> str:
    return form.replace("{}", "v")


def _values(side: Side, column: Column, name: str, engine: Engine) -> None:
    value = quoted(column.name)
    engine.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _balun_values_{name} AS "
        f"SELECT DISTINCT {value} AS v FROM {side.view} WHERE {value} IS NOT NULL"
    )


def _share(left: str, right: str, engine: Engine) -> float:
    found = engine.connection.execute(
        f"SELECT avg(({left} IN (SELECT {right} FROM _balun_values_r))::INT) FROM _balun_values_l"
    ).fetchall()[0][0]
    return float(found or 0.0)


def time_form(
    left: Side, right: Side, links: Sequence[Link], times: tuple[Column, Column], zones: tuple[str, ...], engine: Engine
) -> tuple[Form, float]:
    """Of the two times, where `links` are equal as well; and the share of some left rows that finds a partner then.

    Source of the order: what changes least first.
    """
    forms = time_forms(*times, zones)
    _entities(left, [(link.sides(quoted(link.left.name), "")[0]) for link in links], times[0], "l", engine)
    _entities(right, [(link.sides("", quoted(link.right.name))[1]) for link in links], times[1], "r", engine)
    plain = _timed(forms[0], len(links), engine)
    if plain >= 1 - _GAIN or len(forms) == 1:
        return forms[0], plain
    shares = {form: _timed(form, len(links), engine) for form in forms}
    shifts = [share for form, share in shares.items() if is_shift(form) and share >= max(_TIME_LEAST, plain)]
    if len(shifts) > _MOST_SHIFTS:
        shares = {form: share for form, share in shares.items() if "zone" not in form.mends or form is forms[0]}
    most = max(shares.values())
    if most < _TIME_LEAST or most < plain + _TIME_GAIN:
        return forms[0], plain
    return next((form, share) for form, share in shares.items() if share >= most - _GAIN)


def _entities(side: Side, keys: Sequence[str], time: Column, name: str, engine: Engine) -> None:
    some = f"ORDER BY hash(COLUMNS(*)) LIMIT {_ROWS}" if name == "l" else ""
    listed = ", ".join([*(f"{key} AS k{at}" for at, key in enumerate(keys)), f"{quoted(time.name)} AS t"])
    distinct = f"SELECT DISTINCT {listed} FROM {side.view} WHERE {quoted(time.name)} IS NOT NULL"
    engine.connection.execute(f"CREATE OR REPLACE TEMP TABLE _balun_times_{name} AS {distinct} {some}")


def _timed(form: Form, keys: int, engine: Engine) -> float:
    left, right = form.left.replace("{}", "l.t"), form.right.replace("{}", "r.t")
    on = " AND ".join([f"{left} = {right}", *(f"l.k{at} = r.k{at}" for at in range(keys))])
    found = engine.connection.execute(
        f"SELECT (SELECT count(*) FROM _balun_times_l AS l SEMI JOIN _balun_times_r AS r ON {on}) "
        "/ greatest(1, (SELECT count(*) FROM _balun_times_l))"
    ).fetchall()[0][0]
    return float(found)
