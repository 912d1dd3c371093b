"""What changes of what is captured cost every model downstream, replayed on history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from balun.chain.change import Change, read_change
from balun.errors import UsageError
from balun.run import Silent, Watch
from balun.worth.asked import ALONE, Answers, Asked
from balun.worth.cost import Cost, cost
from balun.worth.history import history
from balun.worth.replay import Replay, replay


@dataclass(frozen=True)
class Worth:
    """costs: of each model below the changes. proved: models that are proved to be as before, without a row.

    rebuilt: steps that were built again. reused: how many weren't. share: of the training rows, on which models were
    fitted again.
    """

    project: str
    changes: tuple[Change, ...]
    costs: tuple[Cost, ...]
    proved: tuple[str, ...]
    rebuilt: tuple[str, ...]
    reused: int
    share: float = 1.0

    def as_json(self) -> dict[str, object]:
        return {
            "project": self.project,
            "changes": [str(change) for change in self.changes],
            "costs": [cost.as_json() for cost in self.costs],
            "proved_same": list(self.proved),
            "rebuilt": list(self.rebuilt),
            "reused": self.reused,
            "share": self.share,
        }


def worth(
    folder: Path,
    changes: Sequence[str | Change],
    *,
    share: float = 1.0,
    fresh: bool = False,
    watch: Watch | None = None,
) -> Worth:
    """All changes at once: phrases, as `coarsen departure.time_hour to 1 day`, or Changes.

    share: of the training rows, on which models are fitted again: with fewer it is faster, and intervals are wider.
    The project is run first where something of it is stale. fresh: forget what is known from before.
    Raises ProjectError, UsageError, Busy.
    """
    if not changes:
        raise UsageError("worth takes at least one change")
    read = [read_change(one) if isinstance(one, str) else one for one in changes]
    watch = watch or Silent()
    with history(folder, watch) as past:
        watch.begin(["replay"])
        watch.start("replay")
        try:
            answers = Answers(past)
            answers.sweep(fresh=fresh)
            return worth_of(answers, read, watch, share)
        finally:
            watch.end()


def worth_of(answers: Answers, changes: Sequence[Change], watch: Watch, share: float = 1.0) -> Worth:
    past = answers.past
    found = replay(past, changes, watch.say)
    models = [node for node in past.chain.graph.of("model") if node.id in found.effects]
    asked = [node for node in models if found.effects[node.id].verdict != "same"]
    costs = [_cost(answers, found, Asked(node.id, tuple(changes), fits=ALONE, share=share), watch) for node in asked]
    found.forget(past)
    proved = tuple(node.name for node in models if node not in asked)
    rebuilt = tuple(id_ for id_, made in found.made.items() if made.name != past.made[id_].name)
    reused = len(found.made) - len(rebuilt)
    return Worth(past.chain.graph.config.name, tuple(changes), tuple(costs), proved, rebuilt, reused, share)


def _cost(answers: Answers, found: Replay, asked: Asked, watch: Watch) -> Cost:
    reply = answers.after(found, asked, watch.say)
    given = answers.give(Asked(asked.model, fits=ALONE, share=asked.share), watch.say)
    return cost(answers.standard(asked.model, share=asked.share), reply, given)
