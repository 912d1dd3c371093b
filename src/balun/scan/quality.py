"""The contract's quality rules, which hold for a table as a whole, on the rows that were kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Timer

import duckdb

from balun.chain.contract import Contract, Quality
from balun.finding import Finding
from balun.quoting import literal, quoted

LONGEST_S = 60.0
LARGEST = "1GB"

_OPERATORS: dict[str, tuple[str, Callable[[float, tuple[float, ...]], bool]]] = {
    "mustBe": ("be {0}", lambda value, bounds: value == bounds[0]),
    "mustNotBe": ("not be {0}", lambda value, bounds: value != bounds[0]),
    "mustBeGreaterThan": ("be more than {0}", lambda value, bounds: value > bounds[0]),
    "mustBeGreaterOrEqualTo": ("be at least {0}", lambda value, bounds: value >= bounds[0]),
    "mustBeLessThan": ("be less than {0}", lambda value, bounds: value < bounds[0]),
    "mustBeLessOrEqualTo": ("be at most {0}", lambda value, bounds: value <= bounds[0]),
    "mustBeBetween": ("be from {0} to {1}", lambda value, bounds: bounds[0] <= value <= bounds[1]),
    "mustNotBeBetween": ("not be from {0} to {1}", lambda value, bounds: not bounds[0] <= value <= bounds[1]),
}


def broken(contract: Contract, kept: Path, longest_s: float = LONGEST_S) -> tuple[Finding, ...]:
    """The rules that the kept rows don't keep, or that can't be asked, in the order of the contract."""
    return tuple(finding for finding in judged(contract, kept, longest_s) if finding is not None)


def judged(contract: Contract, kept: Path, longest_s: float = LONGEST_S) -> tuple[Finding | None, ...]:
    """Of each rule a finding where the kept rows don't keep it, or it can't be asked.

    A rule's SQL sees the kept rows, under the event's name, and nothing else: no file, no network, no writes; it is
    stopped after `longest_s` seconds, or where it needs more than 1 GB of memory.
    """
    if not contract.quality:
        return ()
    with _closed_off(contract, kept) as connection:
        return judged_in(connection, contract, quoted(contract.name), longest_s)


def judged_in(
    connection: duckdb.DuckDBPyConnection, contract: Contract, rows: str, longest_s: float = LONGEST_S
) -> tuple[Finding | None, ...]:
    """rows: what FROM reads. The library's metrics in one statement; SQL of the contract's own one by one."""
    counted = _at_once(connection, contract, rows, longest_s)
    return tuple(_judged(connection, contract, rule, rows, longest_s, counted.get(rule)) for rule in contract.quality)


def _at_once(
    connection: duckdb.DuckDBPyConnection, contract: Contract, rows: str, longest_s: float
) -> dict[Quality, float]:
    """By rule; of none where one of them can't be asked, as each says alone."""
    rules = [rule for rule in contract.quality if rule.kind != "sql"]
    try:
        asked = ", ".join(_counted(contract, rule) for rule in rules)
        told = _row(connection, f"SELECT {asked} FROM {rows}", longest_s, len(rules)) if len(rules) > 1 else ()
    except (duckdb.Error, ValueError, KeyError):
        return {}
    return dict(zip(rules, told, strict=True)) if told else {}


def _closed_off(contract: Contract, kept: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"temp_directory": "", "max_memory": LARGEST})
    file = str(kept.resolve())
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")
    read = f"read_parquet({literal(file)}, hive_partitioning = false)"
    connection.execute(f"CREATE VIEW {quoted(contract.name)} AS FROM {read}")
    connection.execute(f"SET allowed_paths = [{literal(file)}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _judged(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    rule: Quality,
    rows: str,
    longest_s: float,
    counted: float | None,
) -> Finding | None:
    try:
        value = _asked(connection, _query(contract, rule, rows), longest_s) if counted is None else counted
    except (duckdb.Error, ValueError, KeyError) as exc:
        why = f"took longer than {longest_s:g} s" if isinstance(exc, duckdb.InterruptException) else _first_line(exc)
        return _finding(contract, rule, "quality-unanswered", f"{rule.name} gives no number: {why}", "mend the rule")
    words, holds = _OPERATORS[rule.operator]
    if holds(value, rule.bounds):
        return None
    needed = words.format(*(f"{bound:g}" for bound in rule.bounds))
    unit = " %" if rule.percent else ""
    return _finding(
        contract,
        rule,
        "quality-broken",
        f"{rule.name} is {value:g}{unit} in the kept rows of {contract.name}, and must {needed}{unit}",
        f"mend how {contract.name} is captured, or change the rule with those who rely on it",
    )


def _finding(contract: Contract, rule: Quality, name: str, message: str, mend: str) -> Finding:
    return Finding(name, rule.place, message, mend=mend, owner=contract.owner)


def _first_line(exc: Exception) -> str:
    return str(exc.args[0] if exc.args else exc).splitlines()[0]


def _query(contract: Contract, rule: Quality, rows: str) -> str:
    return rule.query or "" if rule.kind == "sql" else f"SELECT {_counted(contract, rule)} FROM {rows}"


def _counted(contract: Contract, rule: Quality) -> str:
    columns = [quoted(contract.column(name).name) for name in rule.columns]
    counted = _metric(rule, columns)
    if rule.percent:
        counted = f"100.0 * {counted} / nullif(count(*), 0)"
    return counted


def _metric(rule: Quality, columns: list[str]) -> str:
    if rule.kind == "rowCount":
        return "count(*)"
    if not columns:
        raise ValueError(f"{rule.kind} needs a column")
    if rule.kind == "duplicateValues":
        filled = " AND ".join(f"{column} IS NOT NULL" for column in columns)
        return f"(count(*) FILTER ({filled}) - count(DISTINCT ({', '.join(columns)})) FILTER ({filled}))"
    conditions = {
        "nullValues": "{0} IS NULL",
        "missingValues": _missing(rule),
        "invalidValues": _invalid(rule),
    }
    if rule.kind not in conditions:
        raise ValueError(f"there is no metric {rule.kind}")
    each = " OR ".join(f"({conditions[rule.kind].replace('{0}', column)})" for column in columns)
    return f"count(*) FILTER ({each})"


def _argument(rule: Quality, name: str) -> tuple[str, ...]:
    return dict(rule.arguments).get(name, ())


def _missing(rule: Quality) -> str:
    texts = ", ".join(literal(text) for text in _argument(rule, "missingValues") if text is not None)
    return "{0} IS NULL" + (f" OR {{0}}::VARCHAR IN ({texts})" if texts else "")


def _invalid(rule: Quality) -> str:
    valid, pattern = _argument(rule, "validValues"), _argument(rule, "pattern")
    terms = [f"{{0}}::VARCHAR NOT IN ({', '.join(map(literal, valid))})"] if valid else []
    terms += [f"NOT regexp_full_match({{0}}::VARCHAR, {literal(one)})" for one in pattern]
    return " OR ".join(terms) or "FALSE"


def _asked(connection: duckdb.DuckDBPyConnection, query: str, longest_s: float) -> float:
    return _row(connection, query, longest_s, 1)[0]


def _row(connection: duckdb.DuckDBPyConnection, query: str, longest_s: float, width: int) -> tuple[float, ...]:
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ValueError("it isn't one SELECT")
    clock = Timer(longest_s, connection.interrupt)
    clock.start()
    try:
        rows = connection.execute(statements[0]).fetchmany(2)
    finally:
        clock.cancel()
    if len(rows) != 1 or len(rows[0]) != width or None in rows[0]:
        raise ValueError("it gives no single number")
    return tuple(float(one) for one in rows[0])
