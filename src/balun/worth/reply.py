"""What a model answers for the test's examples after changes: on the day, and once it is fitted again."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.errors import ProjectError, UsageError
from balun.fit.cost import cost_of
from balun.fit.fitted import Fitted
from balun.fit.label import UnfitLabel, read_label
from balun.fit.labelled import Labelled
from balun.fit.metric import Guess
from balun.worth.served import Served
from balun.worth.standard import Standard

Say = Callable[[str], None]
_ROWS = 5000


@dataclass(frozen=True)
class Reply:
    """on_day: of the model in service; None where it can't answer. retrained: of models fitted on training rows 0, 1 …

    inputs: those that differ in some row. why_not: why there are no answers on the day, and none once fitted again.
    lost: examples whose rows don't come any more. alone_us, bulk_us: that a prediction takes, once fitted again; NaN
    where that wasn't measured. nulled: what the model that was fitted again loses, by its manner's `nulled`.
    """

    on_day: Guess | None
    retrained: tuple[Guess, ...]
    inputs: tuple[str, ...] = ()
    why_not: tuple[str, str] = ("", "")
    lost: int = 0
    alone_us: float = nan
    bulk_us: float = nan
    nulled: tuple[float, ...] = ()

    def save(self, file: Path) -> None:
        parts = {f"{name}{r}": value for r, one in enumerate(self._guesses()) for name, value in vars(one).items()}
        told = {name: getattr(self, name) for name in _TOLD} | {"on_day": self.on_day is not None}
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".draft")
        with draft.open("wb") as opened:
            np.savez(opened, told=np.array(json.dumps(told)), **parts)
        draft.replace(file)

    def _guesses(self) -> tuple[Guess, ...]:
        return (*([self.on_day] if self.on_day else []), *self.retrained)

    @classmethod
    def load(cls, file: Path) -> Reply | None:
        """What `save` wrote; None where it isn't there or isn't whole."""
        try:
            with np.load(file) as kept:
                told = json.loads(str(kept["told"]))
                count = sum(name.startswith("score") for name in kept.files)
                found = [Guess(kept[f"score{r}"], kept[f"label{r}"]) for r in range(count)]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None
        on_day = found.pop(0) if told["on_day"] else None
        why = (told["why_not"][0], told["why_not"][1])
        plain = {name: told[name] for name in ("lost", "alone_us", "bulk_us")}
        return cls(on_day, tuple(found), tuple(told["inputs"]), why, **plain, nulled=tuple(told["nulled"]))


_TOLD = ("inputs", "why_not", "lost", "alone_us", "bulk_us", "nulled")


def broken(why: str) -> Reply:
    """Of a model that can't be built any more."""
    return Reply(None, (), (), (why, why))


@dataclass(frozen=True)
class Manner:
    """How a model is fitted again after changes.

    own_label: on the label as it is captured after them; else as it was before.
    fits: on how many of the training sets of `refit_rows`; since: from which one.
    without: inputs that it does without; one that lacks some has no answers on the day. timed: predictions are.
    nulled: sets of inputs; it is told what the model then loses where each comes null.
    """

    own_label: bool = True
    fits: int = 1
    since: int = 0
    without: tuple[str, ...] = ()
    timed: bool = False
    nulled: tuple[tuple[str, ...], ...] = ()

    @property
    def sets(self) -> range:
        return range(self.since, self.fits)


def reply(standard: Standard, served: Served, say: Say, manner: Manner) -> Reply:
    rows = served.over(standard.data.rows)
    inputs = tuple(name for name in served.columns if _differs(rows[name], standard.data.rows[name]))
    test = rows.filter(pa.array(standard.data.split.test))
    on_day, why_day = (None, "") if manner.without else _on_day(standard, test, inputs, say)
    retrained, why, more = _retrained(standard, served, rows, inputs, say, manner)
    lost = 0 if served.came is None else int(np.count_nonzero(~served.came))
    return replace(more, on_day=on_day, retrained=retrained, inputs=inputs, why_not=(why_day, why), lost=lost)


def _differs(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    return one.type != other.type or not one.combine_chunks().equals(other.combine_chunks())


def _on_day(standard: Standard, test: pa.Table, inputs: tuple[str, ...], say: Say) -> tuple[Guess | None, str]:
    if not inputs:
        return standard.in_service, ""
    say("the model meets the changed rows")
    try:
        return standard.answers(standard.fitted, test), ""
    except UsageError as exc:
        return None, str(exc)


def _retrained(
    standard: Standard,
    served: Served,
    rows: pa.Table,
    inputs: tuple[str, ...],
    say: Say,
    manner: Manner,
) -> tuple[tuple[Guess, ...], str, Reply]:
    """Answers, why there are none, and what else there is to tell of the model that was fitted again."""
    test = rows.filter(pa.array(standard.data.split.test))
    try:
        data = _changed(standard, served, rows, own_label=manner.own_label)
        if data is None and not inputs and not manner.without:
            return tuple(standard.own(r, say) for r in manner.sets), "", _more(standard, standard.fitted, test, manner)
        data = data or replace(standard.data, rows=rows)
        fitted = [standard.fit(data, r, say, manner.without) for r in manner.sets]
        more = _more(standard, fitted[0], test, manner) if fitted else Reply(None, ())
        return tuple(standard.answers(one, test) for one in fitted), "", more
    except UnfitLabel as exc:
        return (), str(exc), Reply(None, ())
    except ProjectError as exc:
        return (), "; ".join(one.message for one in exc.findings), Reply(None, ())


def _more(standard: Standard, fitted: Fitted, test: pa.Table, manner: Manner) -> Reply:
    lost = tuple(lost_without(standard, fitted, test, manner.nulled))
    if not manner.timed:
        return Reply(None, (), nulled=lost)
    taken = cost_of(fitted, test, nan, 0)
    return Reply(None, (), alone_us=taken.single_us, bulk_us=taken.bulk_us, nulled=lost)


def lost_without(
    standard: Standard, fitted: Fitted, test: pa.Table, some: Iterable[Collection[str]]
) -> Iterator[float]:
    """What a fitted model loses, in the metric, where each set of inputs comes null; of 5,000 rows at most."""
    every = np.arange(0, test.num_rows, max(1, test.num_rows // _ROWS))
    rows, metric = test.take(pa.array(every)), standard.metric
    truth = standard.truth[every]
    sign = 1.0 if metric.greater_is_better else -1.0
    whole = None
    for inputs in some:
        whole = whole if whole is not None else metric.value(truth, standard.answers(fitted, rows))
        nulled = rows
        for name in inputs:
            place = rows.column_names.index(name)
            nulled = nulled.set_column(place, name, pa.nulls(rows.num_rows, rows.schema.field(place).type))
        yield sign * (whole - metric.value(truth, standard.answers(fitted, nulled)))


def _changed(standard: Standard, served: Served, rows: pa.Table, *, own_label: bool) -> Labelled | None:
    """The examples to train on where they aren't those of before: some rows don't come, or labels are others."""
    data, train = standard.data, standard.data.split.train
    came = train if served.came is None else train & served.came
    truth = data.label.truth
    if own_label and served.label is not None and _differs(served.label, data.rows[standard.corpus.label]):
        came = came & served.label.is_valid().to_numpy()
        truth = truth.copy()
        truth[came] = _truth(standard, served.label.filter(pa.array(came)))
    elif (came == train).all():
        return None
    if not came.any():
        raise UnfitLabel("no example to train on is left", "")
    return replace(data, rows=rows, label=replace(data.label, truth=truth), split=replace(data.split, train=came))


def _truth(standard: Standard, column: pa.ChunkedArray) -> NDArray[np.int64] | NDArray[np.float64]:
    """In the numbers of the classes that there were before."""
    classes = standard.data.label.classes
    label = read_label(standard.corpus.label, column, classify=classes is not None)
    if classes is None or label.classes is None:
        return label.truth
    place = {one: number for number, one in enumerate(classes.tolist())}
    new = [str(one) for one in label.classes.tolist() if one not in place]
    if new:
        raise UnfitLabel(f"the label has classes that it hadn't: {', '.join(new)}", "")
    return np.array([place[one] for one in label.classes.tolist()])[label.truth.astype(np.int64)]
