"""What each edit of a pull request costs: replayed on the history of the project as it was before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from balun.against import WORDS, Against
from balun.against.against import Judged
from balun.run import Silent, Watch
from balun.worth.asked import Answers
from balun.worth.cost import Cost
from balun.worth.history import history_at
from balun.worth.worth import worth_of


def with_costs(folder: Path, found: Against, *, watch: Watch | None = None) -> Against:
    """Each edit of what is captured by itself, on models as they were declared at `found.revision`.

    Edits of tables, features and models have no cost: what is fitted after them is another model.
    Raises UsageError, ProjectError, Busy.
    """
    watch = watch or Silent()
    with history_at(folder, found.revision, watch) as past:
        answers = Answers(past)
        answers.sweep()
        watch.begin([one.edit.words for one in found.edits])
        try:
            return replace(found, edits=tuple(_with_cost(answers, one, watch) for one in found.edits))
        finally:
            watch.end()


def _with_cost(answers: Answers, one: Judged, watch: Watch) -> Judged:
    watch.start(one.edit.words)
    change = one.edit.change
    known = {node.name for node in answers.past.chain.graph.of("event")}
    costs: tuple[Cost, ...] = ()
    if change is not None and change.kind not in WORDS and change.event in known:
        costs = worth_of(answers, [change], watch).costs
    watch.done()
    return replace(one, costs=costs)
