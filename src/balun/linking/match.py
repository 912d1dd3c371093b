"""Records matched without a key: candidates, weights, a threshold, clusters, and the crosswalk that comes of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from resource import RUSAGE_SELF, getrusage
from typing import TYPE_CHECKING

import numpy as np

from balun.chain.link import Linking, key_columns
from balun.chain.link_labels import Labels
from balun.linking.blocking import Plan, propose, write_pairs
from balun.linking.clusters import clusters, components
from balun.linking.comparing import Group, levels, settings
from balun.linking.deciding import Decided, bits, contested, corrected, decide, one_to_one, probability
from balun.linking.grouping import grouped
from balun.linking.records import FEW, Records, Side, prepare
from balun.linking.scoring import ready, score
from balun.linking.text import Vectors, nearest, teach, vectors
from balun.linking.training import Trained, random_pairs, train
from balun.quoting import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Say = Callable[[str], None]
_LEAST_WEIGHT = -10.0  # of a pair that is kept
_WHOLE = 20_000  # records whose nearest as a whole are compared too
_LARGEST = 60  # records of a component whose pairs are all compared
_FORCED = 1_000_000.0


@dataclass(frozen=True)
class Matched:
    """The tables `crosswalk` and `kept` (compared pairs worth a look) are written; this tells how they came about.

    sizes: how many clusters there are of each size. labels: answers gone by. seconds: of each stage.
    """

    records: Records
    groups: tuple[Group, ...]
    plan: Plan
    trained: Trained
    decided: Decided
    compared: int
    matches: int
    sizes: dict[int, int]
    labels: int
    seconds: dict[str, float]

    def as_json(self) -> dict[str, object]:
        fields = [
            {"columns": [field.name for field in (*one.strong, *one.weak)], "levels": _levels(self.trained, one)}
            for one in self.groups
        ]
        return {
            "records": list(self.records.rows),
            "possible": self.records.possible,
            "compared": self.compared,
            "rules": [{"rule": rule.label, "pairs": rule.pairs} for rule in self.plan.rules],
            "nearest": [label for _, label in self.plan.nearest],
            "missed": self.plan.missed,
            "threshold": self.decided.threshold,
            "threshold_chosen": self.decided.chosen,
            "precision": self.decided.precision,
            "recall": self.decided.recall,
            "matches": self.matches,
            "clusters": {str(size): many for size, many in sorted(self.sizes.items())},
            "labels": self.labels,
            "kinds": {field.name: field.kind for field in self.records.fields},
            "evidence": fields,
            "prior": self.trained.prior,
            "stages": self.seconds,
            "memory_mb": round(getrusage(RUSAGE_SELF).ru_maxrss / 1024),
        }

    def model_json(self) -> str:
        """The model as a file of Splink's settings."""
        return json.dumps(settings(self.groups, self.trained.weights, self.trained.prior), indent=1)


def _levels(trained: Trained, group: Group) -> list[dict[str, object]]:
    m, u = trained.weights[group.column]
    steps = levels(group)
    return [
        {"level": step.label, "m": one, "u": other, "weight": round(float(np.log2(one / other)), 2)}
        for step, one, other in zip(steps, m, u, strict=True)
    ]


@dataclass
class _Clock:
    say: Say
    seconds: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def did(self, stage: str, next_: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = round(now - self.started, 2)
        self.started = now
        self.say(next_)


def planned(connection: DuckDBPyConnection, sides: Sequence[Side], linking: Linking) -> tuple[Records, Plan]:
    """Which pairs would be compared; none is."""
    records = prepare(connection, sides, linking.on)
    return records, propose(records, linking.block, _nearest(records))


def _nearest(records: Records) -> list[tuple[str, str]]:
    """Texts whose nearest are compared: SQL, and what to call it."""
    found = [(one.column, one.name) for one in records.kind("text")] if records.total <= FEW else []
    if records.total <= _WHOLE:
        parts = ", ".join(
            f"array_to_string({one.column}, ' ')" if one.kind == "words" else f"{one.column}::VARCHAR"
            for one in records.fields
        )
        found.append((f"concat_ws(' ', {parts})", "all columns"))
    return found


def match(connection: DuckDBPyConnection, sides: Sequence[Side], linking: Linking, labels: Labels, say: Say) -> Matched:
    """Write `crosswalk` and `kept`. Raises UsageError where Splink isn't installed."""
    ready()
    clock = _Clock(say)
    say("looking for pairs worth comparing")
    records, plan = planned(connection, sides, linking)
    texts = {one.column: vectors(records, one.column) for one in records.kind("text")}
    compared = _candidates(records, plan, texts)
    clock.did("blocking", f"learning from {compared:,} pairs")
    groups = grouped(records, plan.sure)
    trained = _train(records, groups, plan, texts, linking)
    clock.did("training", f"weighing {compared:,} pairs")
    score(records, groups, "pairs", "final", weights=trained.weights, prior=trained.prior, least=_LEAST_WEIGHT)
    clock.did("weighing", "deciding")
    decided, matches, sizes, said = _decide(records, groups, plan, trained, linking, labels)
    clock.did("deciding", "writing")
    return Matched(records, groups, plan, trained, decided, compared, matches, sizes, said, clock.seconds)


def _candidates(records: Records, plan: Plan, texts: dict[str, Vectors]) -> int:
    near = []
    for at, (column, _) in enumerate(plan.nearest):
        known = texts.get(column) or vectors(records, column)
        records.connection.register(f"near{at}", nearest(records, known))
        near.append(f"near{at}")
    return write_pairs(records, plan, near)


def _train(
    records: Records, groups: Sequence[Group], plan: Plan, texts: dict[str, Vectors], linking: Linking
) -> Trained:
    chance = random_pairs(records, linking.seed)
    if texts:
        both = f"SELECT join_key_l, join_key_r FROM pairs UNION ALL SELECT join_key_l, join_key_r FROM {chance}"
        ends = records.connection.execute(both).fetchnumpy()
        for column, known in texts.items():
            known.learn(np.asarray(ends["join_key_l"]), np.asarray(ends["join_key_r"]))
            teach(records.connection, column, known)
    first = min(0.5, max(plan.sure, 1) / max(1, records.possible))
    return train(records, groups, chance, first, linking.seed, one_to_one=linking.one_to_one and records.two)


def _decide(
    records: Records, groups: Sequence[Group], plan: Plan, trained: Trained, linking: Linking, labels: Labels
) -> tuple[Decided, int, dict[int, int], int]:
    _write_keys(records)
    said = _forced(records, groups, trained, labels)
    if not records.two:
        _fill(records, groups, trained, linking)
    left, right, weight, answer = _read(records)
    weight = np.where(answer < 0, weight, np.where(answer == 1, _FORCED, -_FORCED))
    single = linking.one_to_one and records.two
    chance = contested(left, right, weight) if single else probability(weight)
    chance = np.round(corrected(chance, np.flatnonzero(answer >= 0), answer[answer >= 0] == 1), 6)
    missed = _missed(records, plan)
    decided = decide(chance, linking.precision, linking.threshold, missed)
    linked = np.flatnonzero(chance >= decided.threshold)
    if single:
        linked = linked[one_to_one(left[linked], right[linked], weight[linked])]
    if records.two:
        _write_kept(records, groups, left, right, weight, chance, linked)
        _write_pairs(records, linking)
        sizes = _sizes(components(left[linked], right[linked], records.total))
        return decided, len(linked), sizes, said
    above = np.where(answer < 0, bits(chance) - bits(np.array([decided.threshold])), weight)
    first = clusters(left, right, above, records.total)
    within = np.flatnonzero(first[left] == first[right])
    _write_kept(records, groups, left, right, weight, chance, within)
    _write_clusters(records, left, right, chance, first)
    return _of_clusters(decided, missed, chance, within), len(within), _sizes(first), said


def _of_clusters(decided: Decided, missed: float, chance: np.ndarray, within: np.ndarray) -> Decided:
    """The estimates of the pairs that came to be in a cluster, those that follow from others too."""
    whole = float(chance.sum())
    right = float(chance[within].mean()) if len(within) else 1.0
    found = float(chance[within].sum()) / whole * (1 - missed) if whole else 1.0
    return Decided(decided.threshold, round(right, 4), round(found, 4), decided.chosen)


def _missed(records: Records, plan: Plan) -> float:
    """The share of matches that isn't compared: what the rules miss, less what nearest texts find of it.

    That is taken to be as much as they find of the sure matches that rules find.
    """
    missed = plan.missed if plan.missed is not None and plan.rules else 1.0
    if plan.nearest:
        union = " UNION ALL ".join(f"SELECT rid_l, rid_r FROM near{at}" for at in range(len(plan.nearest)))
        sure = f"SELECT rid_l, rid_r FROM final WHERE match_weight > 7 AND match_key::INT < {len(plan.rules)}"
        found, whole = records.connection.execute(
            f"SELECT count(*) FILTER ((rid_l, rid_r) IN ({union})), count(*) FROM ({sure})"
        ).fetchall()[0]
        missed *= 1 - found / whole if whole else 0.0
    return float(missed) if plan.rules and plan.missed is not None else 0.0


def _write_keys(records: Records) -> None:
    """The tables `key0` and `key1`: `rid` and the key's columns, as `k0` and on: theirs may be called anything."""
    for at, side in enumerate(records.sides):
        names = ", ".join(map(quoted, side.key))
        own = ", ".join(f"{quoted(name)} AS k{place}" for place, name in enumerate(side.key))
        place = f"{sum(records.rows[:at])} + row_number() OVER (ORDER BY row({names})) - 1"
        records.connection.execute(
            f"CREATE OR REPLACE TABLE key{at} AS SELECT {place} AS rid, {own} FROM {side.source}"
        )


def _forced(records: Records, groups: Sequence[Group], trained: Trained, labels: Labels) -> int:
    """Write the table `said`, `rid_l`, `rid_r`, `same`, of the answers whose records are there; how many these are."""
    at = len(records.sides) - 1
    places = [_by_key(records, side) for side in range(len(records.sides))]
    found = {}
    for (left, right), same in labels.items():
        one, other = places[0].get(left), places[at].get(right)
        if one is not None and other is not None and one != other:
            found[min(one, other), max(one, other)] = same
    records.connection.execute("CREATE OR REPLACE TABLE said (rid_l BIGINT, rid_r BIGINT, same BOOLEAN)")
    if found:
        records.connection.executemany(
            "INSERT INTO said VALUES (?, ?, ?)", [[*ends, same] for ends, same in found.items()]
        )
        records.connection.execute(
            "CREATE OR REPLACE TABLE unweighed AS SELECT rid_l AS join_key_l, rid_r AS join_key_r, '-1' AS match_key "
            "FROM said ANTI JOIN final USING (rid_l, rid_r)"
        )
        score(records, groups, "unweighed", "more", weights=trained.weights, prior=trained.prior)
        records.connection.execute("INSERT INTO final BY NAME SELECT * FROM more")
    return len(found)


def _by_key(records: Records, side: int) -> dict[tuple[str, ...], int]:
    told = ", ".join(f"k{at}::VARCHAR" for at in range(len(records.sides[side].key)))
    rows = records.connection.execute(f"SELECT rid, {told} FROM key{side}").fetchall()
    return {tuple(str(value) for value in key): int(rid) for rid, *key in rows}


def _fill(records: Records, groups: Sequence[Group], trained: Trained, linking: Linking) -> None:
    """Weigh the pairs that weren't compared of records that hang together: a chain shows what speaks against it."""
    least = float(bits(np.array([linking.threshold or 0.5]))[0])
    ends = records.connection.execute(
        f"SELECT rid_l, rid_r FROM final WHERE match_weight >= {least} ORDER BY rid_l, rid_r"
    ).fetchnumpy()
    found = components(np.asarray(ends["rid_l"]), np.asarray(ends["rid_r"]), records.total)
    sizes = np.bincount(found, minlength=records.total)[found]
    members = np.flatnonzero((sizes > 2) & (sizes <= _LARGEST))
    if not len(members):
        return
    import pyarrow as pa

    records.connection.register("together", pa.table({"rid": members, "of": found[members]}))
    records.connection.execute(
        "CREATE OR REPLACE TABLE between AS SELECT l.rid AS join_key_l, r.rid AS join_key_r, '-1' AS match_key "
        "FROM together l JOIN together r ON l.of = r.of AND l.rid < r.rid "
        "ANTI JOIN final ON final.rid_l = l.rid AND final.rid_r = r.rid"
    )
    score(records, groups, "between", "more", weights=trained.weights, prior=trained.prior)
    records.connection.execute("INSERT INTO final BY NAME SELECT * FROM more")


def _read(records: Records) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each pair its two records, its weight, and what was said of it: 1, 0, −1 for nothing."""
    rows = records.connection.execute(
        "SELECT rid_l, rid_r, round(match_weight, 6) AS weight, coalesce(same::INT, -1) AS same "
        "FROM final LEFT JOIN said USING (rid_l, rid_r) ORDER BY rid_l, rid_r"
    ).fetchnumpy()
    left, right, weight, same = (np.asarray(rows[name]) for name in ("rid_l", "rid_r", "weight", "same"))
    return left, right, weight.astype(np.float64), same


def _write_kept(
    records: Records,
    groups: Sequence[Group],
    left: np.ndarray,
    right: np.ndarray,
    weight: np.ndarray,
    chance: np.ndarray,
    linked: np.ndarray,
) -> None:
    """The table `kept`: each pair with its keys, values, weights by column, and whether it is linked."""
    import pyarrow as pa

    is_linked = np.zeros(len(left), dtype=bool)
    is_linked[linked] = True
    known = pa.table({"rid_l": left, "rid_r": right, "weight": weight, "probability": chance, "linked": is_linked})
    records.connection.register("known", known)
    last = len(records.sides) - 1
    parts = [f"a.k{at} AS {quoted(name + '_l')}" for at, name in enumerate(records.sides[0].key)]
    parts += [f"b.k{at} AS {quoted(name + '_r')}" for at, name in enumerate(records.sides[last].key)]
    records.connection.execute(
        f"CREATE OR REPLACE TABLE kept AS SELECT rid_l AS left_, rid_r AS right_, "
        f"weight, probability, linked, {', '.join([*parts, *_shown(records, groups)])} "
        "FROM known JOIN final USING (rid_l, rid_r) "
        f"JOIN key0 a ON a.rid = rid_l JOIN key{last} b ON b.rid = rid_r "
        "WHERE linked OR probability >= 0.001 ORDER BY left_, right_"
    )


def _shown(records: Records, groups: Sequence[Group]) -> list[str]:
    """For each field the two values; for each group what its agreement weighs in bits."""
    found = []
    for at, field_ in enumerate(records.fields):
        found += [f"{field_.column}_l::VARCHAR AS l{at}", f"{field_.column}_r::VARCHAR AS r{at}"]
    for at, one in enumerate(groups):
        rarity = f" + mw_tf_adj_{one.column}" if _has(records, f"mw_tf_adj_{one.column}") else ""
        found.append(f"round(mw_{one.column}{rarity}, 3) AS w{at}")
    return found


def _has(records: Records, column: str) -> bool:
    return column in {str(row[0]) for row in records.connection.execute("DESCRIBE final").fetchall()}


def _write_pairs(records: Records, linking: Linking) -> None:
    own = key_columns(linking, tuple(side.key for side in records.sides))
    parts = [
        f"{quoted(name + '_l')} AS {quoted(told)}" for name, told in zip(records.sides[0].key, own[0], strict=True)
    ]
    parts += [
        f"{quoted(name + '_r')} AS {quoted(told)}" for name, told in zip(records.sides[1].key, own[1], strict=True)
    ]
    records.connection.execute(
        f"CREATE OR REPLACE TABLE crosswalk AS SELECT {', '.join(parts)}, probability AS confidence FROM kept "
        "WHERE linked ORDER BY left_, right_"
    )


def _write_clusters(
    records: Records, left: np.ndarray, right: np.ndarray, chance: np.ndarray, first: np.ndarray
) -> None:
    """confidence: how surely it belongs to its cluster by its best pair; alone, how surely it belongs to no other."""
    import pyarrow as pa

    inside, best, rival = first[left] == first[right], np.zeros(records.total), np.zeros(records.total)
    for ends in (left, right):
        np.maximum.at(best, ends[inside], chance[inside])
        np.maximum.at(rival, ends[~inside], chance[~inside])
    alone = np.bincount(first, minlength=records.total)[first] == 1
    sure = np.round(np.where(alone, 1 - rival, best), 6)
    records.connection.register(
        "placed", pa.table({"rid": np.arange(records.total), "first": first, "confidence": sure})
    )
    key = records.sides[0].key
    names = ", ".join(f"k.k{at} AS {quoted(name)}" for at, name in enumerate(key))
    cluster = "f.k0" if len(key) == 1 else f"concat_ws('|', {', '.join(f'f.k{at}' for at in range(len(key)))})"
    records.connection.execute(
        f"CREATE OR REPLACE TABLE crosswalk AS SELECT {names}, {cluster} AS cluster, confidence FROM placed "
        "JOIN key0 k USING (rid) JOIN key0 f ON f.rid = first ORDER BY rid"
    )


def _sizes(first: np.ndarray) -> dict[int, int]:
    """How many clusters there are of each size."""
    members = np.bincount(first)
    sizes, many = np.unique(members[members > 0], return_counts=True)
    return dict(zip(sizes.tolist(), many.tolist(), strict=True))
