"""DuckDB's refusal of a SELECT becomes a finding at its line, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from balun.errors import nearest
from balun.finding import Finding, Place


@dataclass(frozen=True)
class Refusal:
    """One of DuckDB's messages.

    pattern: what it says; its groups fill `message` and `mend`; `word` is what may be misspelt.
    """

    rule: str
    pattern: str
    message: str
    mend: str


_CAST = "cast one of them, as in CAST(x AS BIGINT)"
_REFUSALS = (
    Refusal(
        "column-missing",
        r'Referenced column "(?P<word>.+?)" (?:was )?not found',
        "there is no column {word} in what FROM names",
        "mend the name, or carry the column through the tables above",
    ),
    Refusal(
        "column-missing",
        r'Table "(?P<table>.+?)" does not have a column named "(?P<word>.+?)"',
        "{table} has no column {word}",
        "mend the name, or carry the column through the tables above",
    ),
    Refusal(
        "column-missing",
        r'Column "(?P<word>.+?)" does not exist on (?P<side>left|right) side of join',
        "USING ({word}): there is no such column on the join's {side} side",
        "join with ON, or mend the name",
    ),
    Refusal(
        "column-missing",
        r'Column "?(?P<word>[^"\s]+?)"? in (?P<list>EXCLUDE|REPLACE|RENAME)\S* list not found',
        "{list} names {word}, and there is no such column",
        "mend the name, or take it out of the list",
    ),
    Refusal(
        "table-missing",
        r'Referenced table "(?P<word>.+?)" not found',
        "nothing in FROM is called {word}",
        "mend the alias",
    ),
    Refusal(
        "table-missing",
        r"Table with name (?P<word>.+?) does not exist",
        "there is no event or table {word}",
        "mend the name, or declare it in contracts/ or tables/",
    ),
    Refusal(
        "function-missing",
        r"(?:\w+ )*Function with name (?P<word>.+?) does not exist",
        "there is no function {word}",
        "use one of DuckDB's functions",
    ),
    Refusal(
        "type-mismatch",
        r"No function matches the given name and argument types '(?P<call>.+?)'\.",
        "there is no {call}",
        "cast what it is given, as in CAST(x AS BIGINT)",
    ),
    Refusal(
        "type-mismatch",
        r"Cannot compare values of type (?P<one>.+?) and (?:values of )?(?:type )?(?P<two>.+?)(?: in | - |$)",
        "{one} is compared with {two}",
        _CAST,
    ),
    Refusal(
        "type-mismatch",
        r"Cannot (?:mix|combine|unify) (?:values|types) (?:of )?(?:type )?(?P<one>.+?) and (?P<two>.+?)(?: in | - |$)",
        "{one} is mixed with {two}",
        _CAST,
    ),
    Refusal("type-mismatch", r"Unimplemented type for cast \((?P<how>.+?)\)", "no cast {how}", "cast it otherwise"),
    Refusal(
        "group-by-missing",
        r'column "(?P<word>.+?)" must appear in the GROUP BY',
        "{word} is neither grouped by nor aggregated",
        "add it to GROUP BY, or aggregate it, as in any_value({word})",
    ),
    Refusal(
        "column-ambiguous",
        r'Ambiguous reference to column name "(?P<word>.+?)" \(use: (?P<use>.+?)\)',
        "{word} may be more than one column",
        "write {use}",
    ),
    Refusal(
        "outside-access",
        r'(?:Cannot access|Can\'t access) file "(?P<file>.+?)"',
        "reads the file {file}; SQL here reads events and tables only",
        "write a contract for it in contracts/ and read the event by its name",
    ),
)  # fmt: skip


def bind_finding(
    exc: duckdb.Error,
    sql: str,
    at: Place,
    *,
    first_line: int | None,
    known: Mapping[str, Iterable[str]],
    owner: str | None = None,
) -> Finding:
    """What DuckDB said, at the line of `sql` it said it of.

    at: the file; used with its own line where `first_line`, the line of the file where `sql` begins, isn't known.
    known: columns by relation, for what a misspelt name may have meant.
    """
    text = str(exc)
    for refusal in _REFUSALS:
        found = re.search(refusal.pattern, text)
        if found:
            said = {name: value and _plain(value) for name, value in found.groupdict().items()}
            meant = _meant(refusal.rule, said.get("word"), text, known)
            message, mend = refusal.message.format(**said) + meant, refusal.mend.format(**said)
            return Finding(
                refusal.rule, *_place(text, sql, at, first_line, message, said.get("word")), mend=mend, owner=owner
            )
    rule = "sql-syntax" if isinstance(exc, duckdb.ParserException) else "sql-invalid"
    plain = re.sub(r"^\w[\w ]*? Error: ", "", text.splitlines()[0]).rstrip(".!")
    mend = "mend the SQL; it is read as DuckDB's dialect"
    return Finding(rule, *_place(text, sql, at, first_line, plain, None), mend=mend, owner=owner)


def _plain(text: str) -> str:
    """A call as it is written.

    >>> _plain("+(VARCHAR, INTEGER_LITERAL)"), _plain("sum(VARCHAR)")
    ('VARCHAR + INTEGER', 'sum(VARCHAR)')
    """
    text = text.replace("_LITERAL", "")
    operator = re.fullmatch(r"(\W+)\((.+?), (.+)\)", text)
    return f"{operator[2]} {operator[1]} {operator[3]}" if operator else text


def _meant(rule: str, word: str | None, text: str, known: Mapping[str, Iterable[str]]) -> str:
    """DuckDB always names a candidate, however far; only near ones help."""
    if word is None or rule not in {"column-missing", "table-missing", "function-missing"}:
        return ""
    named = re.search(r"(?:Candidate (?:bindings|tables):|Did you mean)(.*)", text)
    candidates = re.findall(r'"(.+?)"', named[1]) if named else []
    if rule == "column-missing":
        candidates += [column for columns in known.values() for column in columns]
    elif rule == "table-missing":
        candidates = [name for name in candidates if "." not in name and not name.startswith("pg_")] + list(known)
    return nearest(word, dict.fromkeys(candidates))


def _place(text: str, sql: str, at: Place, first_line: int | None, message: str, word: str | None) -> tuple[Place, str]:
    line = _line(text, sql, word)
    if line is None:
        return at, message
    if first_line is not None:
        return Place(at.file, first_line + line - 1), message
    return at, message if "\n" not in sql.strip() else f"{message}, in line {line} of its SQL"


def _line(text: str, sql: str, word: str | None) -> int | None:
    """DuckDB's own line; where it gives none, the first that holds the word."""
    lines = re.findall(r"^LINE (\d+): ", text, flags=re.MULTILINE)
    if lines:
        return int(lines[-1])
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", _without_front(sql)) if word else None
    return sql[: found.start()].count("\n") + 1 if found else None


def _without_front(sql: str) -> str:
    """The same text with comments blanked, so that positions stay."""
    blank = lambda found: re.sub(r"[^\n]", " ", found[0])  # noqa: E731
    return re.sub(r"/\*.*?\*/|--[^\n]*", blank, sql, flags=re.DOTALL)
