"""Which pairs are worth comparing: rules proposed, each with its pairs counted, and what they would miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from balun.linking.kind import Field
    from balun.linking.records import Records

_LEAST, _EACH = 500_000, 12  # pairs that may be compared: at least, and a record
_DRAWS = 4_000
_ENOUGH = 0.0005  # of matches missed
_SURE = 0.1  # of a sure rule's pairs may be chance
_SAMPLE = 50_000


@dataclass(frozen=True)
class Atom:
    """A part of a rule. label: in words. expression: SQL over `records`; null agrees with nothing."""

    label: str
    field: str
    expression: str


@dataclass(frozen=True)
class Rule:
    """Records that agree on all atoms are compared. pairs: how many that gives, alone."""

    atoms: tuple[Atom, ...]
    pairs: int = 0

    @property
    def label(self) -> str:
        return " and ".join(atom.label for atom in self.atoms)


@dataclass(frozen=True)
class Plan:
    """What is to be compared.

    rules: in the order they were chosen. nearest: text whose nearest are compared too: column and what to call it.
    missed: the share of matches that no rule finds, as estimated from pairs that surely match; None: nothing to go by.
    sure: how many matches there surely are. budget: of pairs. refused: rules of the greatest use that cost too much.
    """

    rules: tuple[Rule, ...]
    nearest: tuple[tuple[str, str], ...]
    missed: float | None
    sure: int
    budget: int
    refused: tuple[Rule, ...]


def atoms(field: Field) -> tuple[Atom, ...]:
    column, name = field.column, field.name
    whole = Atom(name, name, column)
    match field.kind:
        case "name":
            return (
                whole,
                Atom(f"first 4 of {name}", name, f"{column}[:4]"),
                Atom(f"last 4 of {name}", name, f"{column}[-4:]"),
            )
        case "code":
            half = f"CASE WHEN length({column}) >= 6 THEN {column}"
            return (
                whole,
                Atom(f"first 4 of {name}", name, f"{half}[:4] END"),
                Atom(f"last 4 of {name}", name, f"{half}[-4:] END"),
            )
        case "date":
            return (
                whole,
                Atom(f"month of {name}", name, f"{column}[:6]"),
                Atom(f"day of the year of {name}", name, f"{column}[5:8]"),
            )
        case "text":
            return whole, Atom(f"first 12 of {name}", name, f"{column}[:12]")
        case "words":
            return (Atom(name, name, f"array_to_string({column}, ' ')"),)
    return (whole,)


def budget(records: Records) -> int:
    return max(_LEAST, _EACH * records.total)


def propose(records: Records, given: Sequence[Sequence[str]] = (), nearest: Sequence[tuple[str, str]] = ()) -> Plan:
    """The cheapest rules that together miss least. given: columns of rules that the user wrote, instead."""
    most = budget(records)
    known = {field.name: atoms(field) for field in records.fields}
    guessed = list(_candidates(records, known))
    sure, found = _sure(records, [rule for rule in guessed if len(rule.atoms) == 2])
    agreeing = _agreeing(records, known, sure)
    if given:
        rules = [counted(records, Rule(tuple(known[name][0] for name in names))) for names in given]
        return Plan(tuple(rules), tuple(nearest), _missed(rules, known, agreeing), found, most, ())
    chosen, missed, refused = _chosen(records, guessed, known, agreeing, most)
    return Plan(tuple(chosen), tuple(nearest), missed if chosen else None, found, most, tuple(refused))


def _missed(
    rules: Sequence[Rule], known: dict[str, tuple[Atom, ...]], agreeing: dict[str, np.ndarray] | None
) -> float | None:
    if agreeing is None:
        return None
    draws = _draws(known, agreeing)
    hits = [np.logical_and.reduce([draws[atom] for atom in rule.atoms]) for rule in rules]
    return 1 - float(np.logical_or.reduce(hits).mean())


def counted(records: Records, rule: Rule) -> Rule:
    """With the number of its pairs, exactly."""
    return Rule(rule.atoms, int(next(_pairs(records, [rule], "records", 1.0))))


def _candidates(records: Records, known: dict[str, tuple[Atom, ...]]) -> Iterator[Rule]:
    """Atoms alone and two by two, with about as many pairs as they give."""
    share = min(1.0, _SAMPLE / max(1, records.total))
    source = "records" if share == 1 else "sampled"
    if share < 1:
        records.connection.execute(
            f"CREATE OR REPLACE TABLE sampled AS SELECT * FROM records WHERE hash(rid) % 1000000 < {int(share * 1e6)}"
        )
    every = [atom for some in known.values() for atom in some]
    rules = [Rule((atom,)) for atom in every]
    rules += [Rule(two) for two in combinations(every, 2) if two[0].field != two[1].field]
    for rule, pairs in zip(rules, _pairs(records, rules, source, share), strict=True):
        yield Rule(rule.atoms, int(pairs))


def _pairs(records: Records, rules: Sequence[Rule], source: str, share: float) -> Iterator[float]:
    for rule in rules:
        names = ", ".join(f"({atom.expression}) AS a{at}" for at, atom in enumerate(rule.atoms))
        there = " AND ".join(f"a{at} IS NOT NULL" for at in range(len(rule.atoms)))
        each = (
            "count(*) FILTER (side = 0)::DOUBLE * count(*) FILTER (side = 1)"
            if records.two
            else "count(*)::DOUBLE * (count(*) - 1) / 2"
        )
        groups = ", ".join(f"a{at}" for at in range(len(rule.atoms)))
        row = records.connection.execute(
            f"SELECT coalesce(sum(n), 0) FROM (SELECT {each} AS n FROM (SELECT side, {names} FROM {source}) "
            f"WHERE {there} GROUP BY {groups})"
        ).fetchall()[0]
        yield float(row[0]) / share**2


def _sure(records: Records, rules: Sequence[Rule]) -> tuple[list[Rule], int]:
    """Rules whose pairs are far more than chance would give; and how many matches they show at least.

    By chance is: were the two columns independent of each other.
    """
    possible = max(1, records.possible)
    single = dict(_alone(records, rules))
    found = []
    for rule in rules:
        chance = float(possible)
        for atom in rule.atoms:
            chance *= single[atom] / possible
        if rule.pairs > 20 and chance < _SURE * rule.pairs and rule.pairs <= records.total * 2:
            found.append((rule.pairs - chance, rule))
    found.sort(key=lambda one: (-one[0], one[1].label))
    best = [rule for _, rule in found[:12]]
    return best, int(np.median([excess for excess, _ in found[:5]])) if found else 0


def _alone(records: Records, rules: Sequence[Rule]) -> Iterator[tuple[Atom, float]]:
    every = list(dict.fromkeys(atom for rule in rules for atom in rule.atoms))
    yield from zip(every, _pairs(records, [Rule((atom,)) for atom in every], "records", 1.0), strict=True)


def _agreeing(
    records: Records, known: dict[str, tuple[Atom, ...]], sure: Sequence[Rule]
) -> dict[str, np.ndarray] | None:
    """For each field, which of its atoms agree in pairs that surely match, found by other fields: rows of truths."""
    if not sure:
        return None
    found: dict[str, np.ndarray] = {}
    for name, own in known.items():
        others = [rule for rule in sure if all(atom.field != name for atom in rule.atoms)]
        seen = [_seen(records, own, rule) for rule in others[:3]]
        seen = [one for one in seen if len(one)]
        found[name] = np.concatenate(seen) if seen else np.zeros((1, len(own)), dtype=bool)
    return found


def _seen(records: Records, own: Sequence[Atom], rule: Rule) -> np.ndarray:
    names = ", ".join(f"({atom.expression}) AS a{at}" for at, atom in enumerate(rule.atoms))
    told = ", ".join(f"({atom.expression}) AS o{at}" for at, atom in enumerate(own))
    on = " AND ".join(f"l.a{at} = r.a{at}" for at in range(len(rule.atoms)))
    agree = ", ".join(f"coalesce(l.o{at} = r.o{at}, false)" for at in range(len(own)))
    sides = "l.side < r.side" if records.two else "l.rid < r.rid"
    some = f"(SELECT rid, side, {names}, {told} FROM records)"
    rows = records.connection.execute(
        f"SELECT {agree} FROM {some} l JOIN {some} r ON {on} AND {sides} ORDER BY hash(l.rid, r.rid) LIMIT 5000"
    ).fetchall()
    return np.array(rows, dtype=bool).reshape(len(rows), len(own))


def _chosen(
    records: Records, rules: Sequence[Rule], known: dict[str, tuple[Atom, ...]],
    agreeing: dict[str, np.ndarray] | None, most: int,
) -> tuple[list[Rule], float | None, list[Rule]]:  # fmt: skip
    """One by one the rule that finds most of what is still missed for the pairs that it costs."""
    if agreeing is None:
        cheap = sorted(
            (rule for rule in rules if 0 < rule.pairs <= most / 8), key=lambda rule: (len(rule.atoms), -rule.pairs)
        )
        return [counted(records, rule) for rule in cheap[:6]], None, []
    draws = _draws(known, agreeing)
    hits = {rule: np.logical_and.reduce([draws[atom] for atom in rule.atoms]) for rule in rules}
    chosen: list[Rule] = []
    refused: list[Rule] = []
    missed, spent = np.ones(_DRAWS, dtype=bool), 0
    while missed.mean() > _ENOUGH:
        worth = {rule: float(hit[missed].sum()) / (_DRAWS * (rule.pairs + records.total)) for rule, hit in hits.items()}
        best = max(worth, key=lambda rule: (worth[rule], rule.label), default=None)
        if best is None or worth[best] <= 0:
            break
        hit, exact = hits.pop(best), counted(records, best)
        if spent + exact.pairs > most:
            refused.append(exact)
            continue
        chosen.append(exact)
        spent += exact.pairs
        missed &= ~hit
    return chosen, float(missed.mean()), refused[:3]


def _draws(known: dict[str, tuple[Atom, ...]], agreeing: dict[str, np.ndarray]) -> dict[Atom, np.ndarray]:
    """Matches as they might be: each field drawn for itself from what was seen."""
    dice = np.random.default_rng(0)
    found: dict[Atom, np.ndarray] = {}
    for name, own in known.items():
        rows = agreeing[name][dice.integers(0, len(agreeing[name]), _DRAWS)]
        found |= {atom: rows[:, at] for at, atom in enumerate(own)}
    return found


def write_pairs(records: Records, plan: Plan, near: Sequence[str]) -> int:
    """Write the table `pairs`, each pair once, by the first rule that finds it. near: tables of `rid_l`, `rid_r`."""
    parts = [_joined(records, plan.rules, at) for at in range(len(plan.rules))]
    parts += [
        f"SELECT rid_l AS join_key_l, rid_r AS join_key_r, '{len(plan.rules) + at}' AS match_key FROM {one}"
        for at, one in enumerate(near)
    ]
    empty = "SELECT 0::BIGINT AS join_key_l, 0::BIGINT AS join_key_r, '' AS match_key LIMIT 0"
    union = " UNION ALL ".join(parts or [empty])
    if near:
        union = f"SELECT join_key_l, join_key_r, min(match_key::INT)::VARCHAR AS match_key FROM ({union}) GROUP BY ALL"
    records.connection.execute(f"CREATE OR REPLACE TABLE pairs AS {union}")
    return int(records.connection.execute("SELECT count(*) FROM pairs").fetchall()[0][0])


def _joined(records: Records, rules: Sequence[Rule], at: int) -> str:
    """Pairs of a rule that none before it gives."""
    own = rules[at]
    needed = list(dict.fromkeys(atom for rule in rules[: at + 1] for atom in rule.atoms))
    names = {atom: f"a{place}" for place, atom in enumerate(needed)}
    told = ", ".join(f"({atom.expression}) AS {name}" for atom, name in names.items())
    some = f"(SELECT rid, side, {told} FROM records)"
    on = " AND ".join(f"l.{names[atom]} = r.{names[atom]}" for atom in own.atoms)
    before = "".join(
        " AND NOT coalesce(" + " AND ".join(f"l.{names[atom]} = r.{names[atom]}" for atom in rule.atoms) + ", false)"
        for rule in rules[:at]
    )
    sides = "l.side = 0 AND r.side = 1" if records.two else "l.rid < r.rid"
    return (
        f"SELECT l.rid AS join_key_l, r.rid AS join_key_r, '{at}' AS match_key "
        f"FROM {some} l JOIN {some} r ON {on} AND {sides}{before}"
    )
