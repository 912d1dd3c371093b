"""A model's answers, beside the rows of its test that they are for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from balun.chain.corpus import Corpus
from balun.chain.graph import Node
from balun.errors import ProjectError
from balun.near.lineage import Lineages
from balun.near.rows import Row, Rows, ask, columns_in, parquet
from balun.near.sample import OLDER, Before, Sample, Samples, spread
from balun.quoting import quoted
from balun.snapshot import Snapshot


def model_samples(lineages: Lineages, rows: Rows, node: Node, made: Snapshot) -> Samples:
    """Test rows, and what the model answers for them."""
    corpus = lineages.graph.nodes[node.parents[0]]
    given = rows.current(corpus.id)
    tested = _test_rows(given, corpus, made) if given else []
    if given is None or not tested:
        return Samples(note=OLDER)
    try:
        answers = list(_answers(made, tested))
    except ProjectError as exc:
        return Samples(note=exc.findings[0].message)
    return Samples(
        tuple(
            Sample(answer, (Before(corpus.id, "a row of the test", (row,), 1),))
            for row, answer in zip(tested, answers, strict=True)
        )
    )


def _test_rows(given: Snapshot, corpus: Node, made: Snapshot) -> list[Row]:
    result = made.info.get("result")
    if not isinstance(result, dict) or not isinstance(corpus.declared, Corpus):
        return []
    test, at = result["test"], quoted(corpus.declared.at)
    if corpus.declared.at not in columns_in(given):
        return []
    inside = f"FROM {parquet(given)} WHERE {at} >= '{test['first']}'::TIMESTAMPTZ ORDER BY {at}"
    picked = " UNION ALL ".join(f"(SELECT * {inside} LIMIT 1 OFFSET {place})" for place in spread(test["rows"]))
    return ask(picked, given) if picked else []


def _answers(made: Snapshot, tested: Sequence[Row]) -> Iterator[Row]:
    """Probabilities of a classifier's classes, the only one that counts where there are two; else a value."""
    from balun.fit import Fitted

    fitted = Fitted.load(made.folder)
    if not fitted.classes or not hasattr(fitted.estimator, "predict_proba"):
        yield from ({"prediction": value} for value in fitted.predict(list(tested)).tolist())
        return
    classes = fitted.classes[-1:] if len(fitted.classes) == 2 else fitted.classes
    for chances in fitted.predict_proba(list(tested)).tolist():
        yield {f"chance of {one}": chance for one, chance in zip(classes, chances[-len(classes) :], strict=True)}
