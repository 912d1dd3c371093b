"""An input of a model that isn't proved to be known by the time of its example."""

from __future__ import annotations

from collections.abc import Iterator

from balun.chain.corpus import Corpus
from balun.chain.feature import Columns
from balun.facts.known import Chain
from balun.facts.moment import MomentFact, is_by
from balun.facts.propagate import state_of
from balun.finding import Finding
from balun.quoting import quoted
from balun.rules.site import breaks, corpora

RULE = "future-leak"


def find(chain: Chain) -> Iterator[Finding]:
    """Features look only at what was known; what they can't guard are the examples' own columns, and their rows."""
    for node in corpora(chain):
        corpus = node.declared
        assert isinstance(corpus, Corpus)
        known = chain.supply.available[f"examples:{corpus.name}"]
        inputs = [name for part in corpus.features if isinstance(part, Columns) for name in part.names]
        late: dict[str, list[str]] = {}
        if known.row and not _known_by(chain, corpus, known.row):
            late[known.row] = ["a row"]
        for name in inputs:
            when = known.columns.get(name)
            if when and when not in late and not _known_by(chain, corpus, when):
                late[when] = [name]
            elif when in late and name not in late[when]:
                late[when].append(name)
        for when, names in late.items():
            message = f"{', '.join(names)} of {corpus.name} is known at {when}, which isn't proved to be by {corpus.at}"
            mend = "take it as a feature, which looks only at what was known, or move the examples' time"
            yield Finding(RULE, corpus.place, message, breaks=breaks(chain, node), owner=node.owner, mend=mend)


def _known_by(chain: Chain, corpus: Corpus, when: str) -> bool:
    """Whether a time, as SQL over the examples' columns, is proved to be no later than the example's own."""
    examples = f"examples:{corpus.name}"
    binder = chain.supply.binder
    binder.hold(examples, chain.supply.columns[examples])
    sql = f"SELECT ({when}\n) AS _known, {quoted(corpus.at)}::TIMESTAMPTZ AS _at FROM {quoted(examples)}"
    relation = binder.relation(sql, binder.bind_select(sql, corpus.place))
    return is_by(*state_of(relation, chain.scanned).values[MomentFact.name])
