"""What a link came to: its numbers, the pairs to look at, a record's cluster and what speaks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import duckdb

from balun.chain.link import LinkTable
from balun.chain.link_labels import Labels
from balun.errors import UsageError
from balun.quoting import in_parquet, literal, quoted

if TYPE_CHECKING:
    from balun.linking.blocking import Plan
    from balun.linking.records import Records
    from balun.snapshot import Snapshot

_NEAREST = 200  # times as many pairs are looked at as are shown, so that they differ


@dataclass(frozen=True)
class Pair:
    """Two records that were compared.

    values: of each column, as they were compared. evidence: what each comparison weighs, in bits: for a match above 0.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    probability: float
    weight: float
    linked: bool
    values: tuple[tuple[str, str | None, str | None], ...]
    evidence: tuple[tuple[str, float], ...]

    def as_json(self) -> dict[str, object]:
        return {
            "left": list(self.left),
            "right": list(self.right),
            "probability": self.probability,
            "weight": self.weight,
            "linked": self.linked,
            "values": {name: [one, other] for name, one, other in self.values},
            "evidence": dict(self.evidence),
        }


@dataclass(frozen=True)
class Linked:
    """info: what the run told of it. sure, unsure, rejected: examples."""

    name: str
    linking: str
    info: Mapping[str, object]
    sure: tuple[Pair, ...]
    unsure: tuple[Pair, ...]
    rejected: tuple[Pair, ...]

    def as_json(self) -> dict[str, object]:
        parts = {"sure": self.sure, "unsure": self.unsure, "rejected": self.rejected}
        return {
            "link": self.name,
            "declared": self.linking,
            **self.info,
            "examples": {part: [pair.as_json() for pair in pairs] for part, pairs in parts.items()},
        }


@dataclass(frozen=True)
class Planned:
    """What would be compared, before it is."""

    name: str
    rows: tuple[int, ...]
    possible: int
    kinds: Mapping[str, str]
    plan: Plan

    @classmethod
    def of(cls, name: str, records: Records, plan: Plan) -> Planned:
        return cls(name, records.rows, records.possible, {one.name: one.kind for one in records.fields}, plan)

    def as_json(self) -> dict[str, object]:
        plan = self.plan
        return {
            "link": self.name,
            "records": list(self.rows),
            "possible": self.possible,
            "kinds": dict(self.kinds),
            "rules": [{"rule": rule.label, "pairs": rule.pairs} for rule in plan.rules],
            "nearest": [label for _, label in plan.nearest],
            "budget": plan.budget,
            "missed": plan.missed,
            "refused": [{"rule": rule.label, "pairs": rule.pairs} for rule in plan.refused],
        }


@dataclass(frozen=True)
class Explained:
    """A record, whom it was linked with, and the pairs that say so or against it."""

    name: str
    key: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    pairs: tuple[Pair, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "link": self.name,
            "key": list(self.key),
            "members": [list(member) for member in self.members],
            "pairs": [pair.as_json() for pair in self.pairs],
        }


@dataclass(frozen=True)
class Kept:
    """A link's pairs as its snapshot keeps them."""

    table: LinkTable
    snapshot: Snapshot

    @property
    def info(self) -> Mapping[str, object]:
        return cast("Mapping[str, object]", self.snapshot.info["link"])

    def told(self, many: int) -> Linked:
        threshold = float(str(self.info["threshold"]))
        return Linked(
            self.table.name,
            self.table.code,
            self.info,
            self._pairs("linked", "abs(probability - 1), weight DESC", many),
            self._pairs("TRUE", f"abs(probability - {threshold}), abs(weight)", many),
            self._pairs("NOT linked", "probability DESC, weight DESC", many),
        )

    def unsure(self, labels: Labels, many: int) -> tuple[Pair, ...]:
        """Pairs that nobody has judged, those first whose answer tells most."""
        threshold = float(str(self.info["threshold"]))
        found = self._pairs(
            "abs(weight) < 1000", f"abs(probability - {threshold}), abs(weight)", many + 2 * len(labels)
        )
        known = {frozenset(ends) for ends in labels}
        return tuple(pair for pair in found if frozenset((pair.left, pair.right)) not in known)[:many]

    def explain(self, word: str) -> Explained:
        """word: the key's values, with commas between them. Raises UsageError where there is no such record."""
        key = tuple(part.strip() for part in word.split(","))
        if all(len(key) != len(side) for side in self.table.keys):
            names = " or ".join(",".join(side) for side in self.table.keys)
            raise UsageError(f"a record of {self.table.name} is named by {names}")
        members = self._members(key)
        if not members:
            raise UsageError(f"{self.table.name} has no record {word}")
        ends = " OR ".join(self._is(side, member) for member in members for side in ("l", "r"))
        return Explained(self.table.name, key, members, self._pairs(f"({ends})", "NOT linked, weight DESC", 50))

    def _members(self, key: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """All of its cluster; of two sides, itself and its matches."""
        rows, names = in_parquet(self.snapshot.rows), self.table.keys[0]
        if self.table.linking.right is None:
            own = _same(names, key)
            told = ", ".join(f"{quoted(name)}::VARCHAR" for name in names)
            with duckdb.connect() as connection:
                its = f"SELECT cluster FROM {rows} WHERE {own} LIMIT 1"
                sql = f"SELECT {told} FROM {rows} WHERE cluster = ({its}) ORDER BY ALL"
                return tuple(connection.execute(sql).fetchall())
        known = self._pairs(f"({self._is('l', key)} OR {self._is('r', key)})", "NOT linked, weight DESC", 1)
        return (key,) if known else ()

    def _is(self, side: str, key: Sequence[str]) -> str:
        names = self.table.keys[0 if side == "l" else -1]
        return _same([f"{name}_{side}" for name in names], key) if len(names) == len(key) else "FALSE"

    def _pairs(self, where: str, order: str, many: int) -> tuple[Pair, ...]:
        pairs = in_parquet(self.snapshot.folder / "pairs.parquet")
        with duckdb.connect() as connection:
            asked = connection.execute(
                f"SELECT * FROM {pairs} WHERE {where} ORDER BY {order}, left_, right_ LIMIT {many}"
            )
            names = [str(column[0]) for column in asked.description or ()]
            return tuple(self._pair(dict(zip(names, row, strict=True))) for row in asked.fetchall())

    def _pair(self, row: Mapping[str, object]) -> Pair:
        keys = [tuple(str(row[f"{name}_{side}"]) for name in self.table.keys[at]) for side, at in (("l", 0), ("r", -1))]
        groups = cast("Sequence[Mapping[str, Sequence[str]]]", self.info["evidence"])
        return Pair(
            keys[0],
            keys[1],
            round(float(str(row["probability"])), 4),
            round(float(str(row["weight"])), 2),
            bool(row["linked"]),
            tuple(
                (name, _text(row[f"l{at}"]), _text(row[f"r{at}"])) for at, (name, _) in enumerate(self.table.linking.on)
            ),
            tuple((" + ".join(one["columns"]), round(float(str(row[f"w{at}"])), 1)) for at, one in enumerate(groups)),
        )


def _same(names: Sequence[str], key: Sequence[str]) -> str:
    return " AND ".join(f"{quoted(name)}::VARCHAR = {literal(value)}" for name, value in zip(names, key, strict=True))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
