"""The proof runs changes on rows, finds what is missed, goes on where it was stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from balun.chain.change import Change
from balun.effect import Effect, Judge, Verdict
from balun.errors import UsageError
from balun.prove import Proof, prove
from balun.prove import proof as module
from balun.prove.compared import compared
from balun.prove.tally import Cell, tally
from balun.run import Silent

_KINDS = ("drop", "coarsen", "recode", "pool", "nullable", "sample")


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Proof]:
    from shop import make_shop

    folder = make_shop(tmp_path_factory.mktemp("prove") / "shop")
    return folder, prove(folder, kinds=_KINDS)


def test_nothing_is_missed(proved: tuple[Path, Proof]) -> None:
    _, proof = proved
    assert not proof.missed, "\n".join(map(str, proof.missed))
    assert set(proof.kinds()) == set(_KINDS)
    assert proof.whole.touched > 100
    assert proof.whole.same > 50


def test_a_verdict_that_is_wrong_is_missed(proved: tuple[Path, Proof], monkeypatch: pytest.MonkeyPatch) -> None:
    """Were everything said to stay the same, each truth that isn't would be missed."""
    folder, proof = proved
    told = Judge.effect

    def blind(self: Judge, node: object) -> Effect:
        effect = told(self, node)  # type: ignore[arg-type]
        return replace(effect, verdict="same", rows=False, why=(), columns=dict.fromkeys(effect.columns, "same"))

    monkeypatch.setattr(Judge, "effect", blind)
    wrong = prove(folder, kinds=["coarsen"], fresh=True)
    assert len(wrong.missed) >= proof.kinds()["coarsen"].touched > 0
    assert not wrong.false_alarms


def test_a_proof_that_was_stopped_goes_on(proved: tuple[Path, Proof], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, proof = proved
    found = folder / ".balun" / "prove" / "found.jsonl"
    lines = found.read_text(encoding="utf-8").splitlines(keepends=True)
    found.write_text("".join(lines[:5]) + lines[5][:40], encoding="utf-8")
    begun: list[str] = []
    tried: list[str] = []

    class Watched(Silent):
        def begin(self, steps: list[str]) -> None:
            begun.extend(steps)

    told = module.Trial.tried

    def noted(self: module.Trial, change: Change) -> list[Cell] | str:
        tried.append(str(change))
        return told(self, change)

    monkeypatch.setattr(module.Trial, "tried", noted)
    again = prove(folder, kinds=_KINDS, watch=Watched())
    assert again == proof
    assert len(begun) - len(tried) == 5


def test_a_kind_that_is_none_is_said_plainly(proved: tuple[Path, Proof]) -> None:
    with pytest.raises(UsageError, match="did you mean coarsen"):
        prove(proved[0], kinds=["coarse"])


def test_proof_as_data(proved: tuple[Path, Proof]) -> None:
    told = json.loads(json.dumps(proved[1].as_json()))
    assert told["whole"]["recall"] == 1.0
    assert told["missed"] == []


def test_tally_counts() -> None:
    cells = [
        Cell("c", "drop", "table:t", "a", "breaks", "breaks"),
        Cell("c", "drop", "table:t", "b", "shifts", "breaks"),
        Cell("c", "drop", "table:t", "c", "shifts", "same"),
        Cell("c", "drop", "table:t", "d", "same", "same"),
    ]
    found = tally(cells)
    assert (found.touched, found.found, found.alarms, found.right, found.same, found.false_alarms) == (2, 1, 3, 2, 2, 1)
    assert (found.recall, found.precision, found.false_rate) == (0.5, 2 / 3, 0.5)


_MOVED = {"k": "same", "a": "shifts", "b": "same"}
_ALIKE = {"k": "same", "a": "same", "b": "same"}


@pytest.mark.parametrize(
    ("after", "truth"),
    [
        ("SELECT 1 AS k, 'x' AS a, 0.5 AS b UNION ALL SELECT 2, 'y', 1.5", _ALIKE),
        ("SELECT 1 AS k, 'y' AS a, 0.5 AS b UNION ALL SELECT 2, 'x', 1.5", _MOVED),
        ("SELECT 1 AS k, 'x' AS a UNION ALL SELECT 2, 'y'", {**_ALIKE, "b": "breaks"}),
        ("SELECT 1 AS k, 'x' AS a, 0.5 + 1e-15 AS b UNION ALL SELECT 2, 'y', 1.5", _ALIKE),
        ("SELECT 1 AS k, 'x' AS a, 0.6::DOUBLE AS b UNION ALL SELECT 2, 'y', 1.5", {**_ALIKE, "b": "shifts"}),
        ("SELECT 1 AS k, 'x' AS a, 0.5 AS b", dict.fromkeys(_ALIKE, "shifts")),
        ("SELECT 1::BIGINT AS k, 'x' AS a, 0.5 AS b UNION ALL SELECT 2, 'y', 1.5", {**_ALIKE, "k": "shifts"}),
    ],
)
def test_results_are_compared_row_by_row(tmp_path: Path, after: str, truth: dict[str, str]) -> None:
    """A value that moved to another row is found, though the column holds the same values."""
    before = "SELECT 1 AS k, 'x' AS a, 0.5 AS b UNION ALL SELECT 2, 'y', 1.5"
    with duckdb.connect() as connection:
        for name, sql in (("before", before), ("after", after)):
            connection.execute(f"COPY ({sql.replace('0.5', '0.5::DOUBLE')}) TO '{tmp_path / name}' (FORMAT parquet)")
        claims: dict[str, Verdict] = {name: "shifts" if truth[name] == "shifts" else "same" for name in truth}
        found = dict(compared(connection, tmp_path / "before", tmp_path / "after", claims))
    assert found == truth
