"""Personal data reaches a model or a surface that may not have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from balun.chain.corpus import Corpus
from balun.chain.graph import Node
from balun.chain.model import Model
from balun.chain.surface import Surface
from balun.facts.known import Chain
from balun.facts.privacy import UNKNOWN, Labels, PrivacyFact, beyond, highest, label_of
from balun.finding import Finding
from balun.rules.site import breaks

RULE = "personal-data-at-surface"
Labelled = Mapping[str, Labels]


def find(chain: Chain) -> Iterator[Finding]:
    """Of what values are computed from; a row that is there because of one tells less, and isn't told of."""
    answers: dict[str, Labelled] = {}
    if not any(isinstance(node.declared, Model | Surface) and node.declared.may for node in chain.graph):
        return
    for node in chain.graph:
        match node.declared:
            case Model() as model:
                learnt = _learnt(chain, node)
                answers[node.id] = _answer(model, learnt)
                if model.may is not None:
                    yield from _beyond(chain, node, model.may, learnt, "learns from")
            case Surface() as surface if surface.may is not None:
                shown = _shown(chain, node, answers)
                yield from _beyond(chain, node, surface.may, shown, "shows what is computed from")


def _learnt(chain: Chain, model: Node) -> Labelled:
    """Labels of a model's inputs, and of what it is to say."""
    corpus = chain.graph.nodes[model.parents[0]]
    assert isinstance(corpus.declared, Corpus)
    known = chain.nodes[corpus.id]
    columns = dict(zip(known.columns, known.out.values[PrivacyFact.name], strict=True))
    names = dict.fromkeys([*chain.supply.inputs[corpus.id], corpus.declared.label])
    return {name: columns[name].computed for name in names}


def _answer(model: Model, learnt: Labelled) -> Labelled:
    if model.classification is None:
        return learnt
    return {f"the answer of {model.name}": highest(frozenset({label_of(model.classification)}))}


def _shown(chain: Chain, surface: Node, answers: Mapping[str, Labelled]) -> Labelled:
    """Of what a surface hangs on, be it models' answers or tables."""
    found: dict[str, Labels] = {}
    for parent in surface.parents:
        if parent in answers:
            found |= answers[parent]
        elif parent in chain.nodes:
            known = chain.nodes[parent]
            values = known.out.values[PrivacyFact.name]
            found |= {name: value.computed for name, value in zip(known.columns, values, strict=True)}
    return found


def _beyond(chain: Chain, node: Node, may: str, columns: Labelled, does: str) -> Iterator[Finding]:
    far = {name: beyond(labels, may) for name, labels in columns.items()}
    found = {name: labels for name, labels in far.items() if labels}
    if found:
        names = ", ".join(f"{name} ({_words(labels)})" for name, labels in found.items())
        message = f"{node.name} may have what is {label_of(may)} at most, and {does} {names}"
        mend = "take it out, or declare the classification of what is made of it, in the table that makes it"
        place = node.declared.place
        yield Finding(RULE, place, message, breaks=breaks(chain, node), owner=node.owner, mend=mend)


def _words(labels: Labels) -> str:
    said = sorted(labels - UNKNOWN)
    return ", ".join([*said, *(["nobody says of what"] if labels & UNKNOWN else [])])
