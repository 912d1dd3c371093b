"""What a project's Python files write: features, corpora, models, surfaces and Python tables. Nothing runs here.

Each function returns plain data; a feature's or Python table's name is that of the variable it is bound to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from balun.chain.duration import Duration
from balun.chain.feature import Aggregate, Columns, Feature, Function, Latest, Value
from balun.chain.link import KINDS, Linking
from balun.chain.model import TimeSplit
from balun.chain.promised import Promised, read_promised
from balun.errors import ProjectError, nearest
from balun.finding import Place


@dataclass(frozen=True, eq=False)
class DeclaredCorpus:
    """A corpus whose features are not named yet."""

    name: str
    owner: str | None
    examples: str
    label: str
    features: tuple[Feature | Columns, ...]
    at: str
    entity: tuple[str, ...]
    label_available: str | None
    description: str | None
    place: Place


@dataclass(frozen=True, eq=False)
class DeclaredModel:
    name: str
    corpus: DeclaredCorpus
    owner: str | None
    estimator: object
    metric: str
    split: TimeSplit
    slices: tuple[str, ...]
    seed: int
    may: str | None
    classification: str | None
    description: str | None
    place: Place


@dataclass(frozen=True, eq=False)
class DeclaredSurface:
    name: str
    uses: tuple[DeclaredModel | str, ...]
    owner: str | None
    may: str | None
    description: str | None
    place: Place


@dataclass(frozen=True, eq=False)
class DeclaredTable:
    """A Python table; the function can still be called as it is."""

    function: Callable[..., object]
    owner: str | None
    reads: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    at: str | None
    available: tuple[tuple[str, str], ...]
    required: tuple[str, ...]
    units: tuple[tuple[str, str], ...]
    classification: tuple[tuple[str, str], ...]
    description: str | None
    place: Place
    promises: tuple[Promised, ...] = ()

    def __call__(self, *args: object, **named: object) -> object:
        return self.function(*args, **named)


@dataclass(frozen=True, eq=False)
class DeclaredLink:
    """A table made by matching; the variable it is bound to is its name."""

    linking: Linking
    owner: str | None
    classification: tuple[tuple[str, str], ...]
    description: str | None
    place: Place


Declaration = Feature | DeclaredCorpus | DeclaredModel | DeclaredSurface | DeclaredTable | DeclaredLink


def aggregate(
    source: str,
    *,
    by: str | Sequence[str],
    at: str,
    over: str | Sequence[str],
    where: str | None = None,
    inclusive: bool = False,
    owner: str | None = None,
    **values: Value,
) -> Aggregate:
    """Aggregates of an event's or table's rows over windows that end at each example: columns `feature_value_window`.

    by: columns with the same names in the source and in the examples.
    over: one window or several: `"3h"`, `["1h", "30d", "1 local day"]`; rows in `[at − window, at)` that were known.
    where: SQL over the source's columns; rows for which it isn't true are left out.
    inclusive: rows at exactly the example's time count too.

    >>> traffic = aggregate("flown", by="origin", at="left_gate", over=["3h", "1d"], delay=mean("dep_delay"))
    >>> [column for column, value, window in traffic.outputs("traffic")]
    ['traffic_delay_3h', 'traffic_delay_1d']
    """
    place = _caller()
    if not values:
        raise _fault(place, "value-missing", "aggregate() has no values", "name one or more, as departures=bl.count()")
    for name, value in values.items():
        if not isinstance(value, Value):
            raise _fault(
                place, "value-wrong", f"{name} is {type(value).__name__}, no aggregate", f"write {name}=bl.mean('…')"
            )
    return Aggregate(
        source=source,
        by=_names(by),
        at=at,
        over=tuple(dict.fromkeys(_duration(window, place) for window in _names(over))),
        values=tuple(replace(value, name=name) for name, value in values.items()),
        where=where,
        inclusive=inclusive,
        owner=owner,
        place=place,
    )


def latest(
    source: str,
    *,
    by: str | Sequence[str],
    at: str,
    columns: str | Sequence[str],
    max_age: str | None = None,
    where: str | None = None,
    inclusive: bool = False,
    owner: str | None = None,
) -> Latest:
    """The latest known row's columns: `feature_column`.

    max_age: rows older than this against the example are not used; None: any age.

    >>> latest("weather", by="origin", at="observed", max_age="2h", columns=["visib"]).outputs("weather")
    (('weather_visib', 'visib'),)
    """
    place = _caller()
    return Latest(
        source=source,
        by=_names(by),
        at=at,
        names=_names(columns),
        max_age=None if max_age is None else _duration(max_age, place),
        where=where,
        inclusive=inclusive,
        owner=owner,
        place=place,
    )


def columns(*names: str) -> Columns:
    """Columns of the examples themselves, as inputs of a model."""
    return Columns(names, _caller())


def corpus(
    name: str,
    *,
    examples: str,
    label: str,
    features: Sequence[Feature | Columns],
    owner: str | None = None,
    at: str = "at",
    entity: str | Sequence[str] = (),
    label_available: str | None = None,
    description: str | None = None,
) -> DeclaredCorpus:
    """A training set: one row for each row of `examples`, with the label and the features as of `at`.

    examples: a SELECT over events and tables that gives `at`, the label and the columns that features go by.
    entity: whom an example is about; the last-value baseline looks back along it.
    label_available: SQL over the examples' columns for when the label is known; None: what the label is made of says.
    """
    return DeclaredCorpus(
        name, owner, examples, label, tuple(features), at, _names(entity), label_available, description, _caller()
    )


def model(
    name: str,
    *,
    corpus: DeclaredCorpus,
    estimator: object,
    metric: str,
    split: TimeSplit,
    owner: str | None = None,
    slices: str | Sequence[str] = (),
    seed: int = 0,
    may: str | None = None,
    classification: str | None = None,
    description: str | None = None,
) -> DeclaredModel:
    """An estimator of scikit-learn's shape, fitted on a corpus and tested on its last stretch of time.

    may: the highest classification of what it may learn from, such as `internal`.
    classification: of its answer; None: that of what it learns from.
    """
    place = _caller()
    if not isinstance(corpus, DeclaredCorpus):
        raise _fault(place, "value-wrong", f"model {name}: corpus is no corpus", "give it what bl.corpus() returned")
    if not isinstance(split, TimeSplit):
        raise _fault(place, "value-wrong", f"model {name}: split is no split", 'write split=bl.by_time(test="60d")')
    if not isinstance(seed, int) or seed < 0:
        raise _fault(place, "value-wrong", f"model {name}: seed is {seed!r}", "give a whole number from 0")
    by = _names(slices)
    return DeclaredModel(
        name, corpus, owner, estimator, metric, split, by, seed, may, classification, description, place
    )


def surface(
    name: str,
    *,
    uses: DeclaredModel | str | Sequence[DeclaredModel | str],
    owner: str | None = None,
    may: str | None = None,
    description: str | None = None,
) -> DeclaredSurface:
    """A place in the product where models' answers show, or tables as they are: these by their names.

    may: the highest classification of what may show there, such as `internal`.
    """
    used = (uses,) if isinstance(uses, DeclaredModel | str) else tuple(uses)
    return DeclaredSurface(name, used, owner, may, description, _caller())


def by_time(*, test: str, embargo: str | None = None) -> TimeSplit:
    """Test on the last `test` of the examples' time, and train on those whose label was known before it.

    embargo: a longer gap; None: as long as each label took to be known.
    """
    place = _caller()
    return TimeSplit(_duration(test, place), None if embargo is None else _duration(embargo, place))


def table(
    *,
    reads: str | Sequence[str],
    columns: Mapping[str, str],
    owner: str | None = None,
    key: str | Sequence[str] = (),
    at: str | None = None,
    available: Mapping[str, str] | None = None,
    required: str | Sequence[str] = (),
    units: Mapping[str, str] | None = None,
    classification: Mapping[str, str] | None = None,
    description: str | None = None,
    promises: Mapping[str, Mapping[str, object]] | None = None,
) -> Callable[[Callable[..., object]], DeclaredTable]:
    """Declare a function over Arrow tables as a table of the chain.

    reads: events and tables; the function gets one `pyarrow.Table` for each, by its name.
    columns: what it returns, in order: name and DuckDB type. What it really returns is tested.
    promises: of its columns' values, in the words of contracts: `{"seats": {"minimum": 1, "maximum": 900}}`.
    """
    place = _caller()
    try:
        promised = tuple(read_promised(column, told) for column, told in (promises or {}).items())
    except ValueError as exc:
        raise _fault(place, "value-wrong", f"promises: {exc}", "mend what is promised") from exc

    def declare(function: Callable[..., object]) -> DeclaredTable:
        return DeclaredTable(
            function=function,
            owner=owner,
            reads=_names(reads),
            columns=tuple(columns.items()),
            key=_names(key),
            at=at,
            available=tuple((available or {}).items()),
            required=_names(required),
            units=tuple((units or {}).items()),
            classification=tuple((classification or {}).items()),
            description=description or _first_line(function),
            place=place,
            promises=promised,
        )

    return declare


def link(
    left: str,
    right: str | None = None,
    *,
    on: str | Sequence[str] | Mapping[str, str | None],
    block: Sequence[str | Sequence[str]] = (),
    threshold: float | None = None,
    precision: float = 0.95,
    one_to_one: bool = False,
    seed: int = 1,
    owner: str | None = None,
    classification: Mapping[str, str] | None = None,
    description: str | None = None,
) -> DeclaredLink:
    """A table of which records of `left` are the same thing; with `right`, of which of its records match which.

    left, right: events or tables that have a key; both have the columns `on`.
    on: columns to compare, or each with its kind: name, text, date, number, code, category, words; None: guessed.
    block: columns that records must agree on to be compared, several ways: `["postcode", ["surname", "born"]]`.
    threshold: the least probability of a match; None: the lowest at which `precision` of the matches should be right.
    one_to_one: neither side holds a thing twice, so that no record matches two.
    """
    place = _caller()
    kinds = tuple(on.items()) if isinstance(on, Mapping) else tuple((name, None) for name in _names(on))
    linking = Linking(
        left,
        right,
        kinds,
        tuple(_names(rule) for rule in ((block,) if isinstance(block, str) else block)),
        threshold,
        precision,
        one_to_one,
        seed,
    )
    for message, mend in _wrong(linking):
        raise _fault(place, "value-wrong", f"link of {' and '.join(linking.sides)}: {message}", mend)
    return DeclaredLink(linking, owner, tuple((classification or {}).items()), description, place)


def _wrong(linking: Linking) -> Iterator[tuple[str, str]]:
    """What is wrong with it by itself, and how to mend it."""
    names = [name for name, _ in linking.on]
    if not names:
        yield "on= has no columns", 'name the columns to compare, as on=["name", "street"]'
    for name, kind in linking.on:
        if kind is not None and kind not in KINDS:
            yield f"{name} is of kind {kind!r}{nearest(str(kind), KINDS)}", f"the kinds are {', '.join(KINDS)}"
    for name in (name for rule in linking.block for name in rule if name not in names):
        yield f"block= names {name}, which on= doesn't{nearest(name, names)}", "block on columns that are compared"
    if linking.threshold is not None and not 0 < linking.threshold <= 1:
        yield f"threshold is {linking.threshold}", "give a probability: above 0, 1 at most"
    if not 0 < linking.precision < 1:
        yield f"precision is {linking.precision}", "give the share of matches that should be right: between 0 and 1"
    if linking.right == linking.left:
        yield "both sides are the same", "leave out the second to match its records with each other"
    if linking.one_to_one and linking.right is None:
        yield "one_to_one needs two sides", "name a second table, or leave one_to_one out"


def count(condition: str | None = None) -> Value:
    """Rows; with an expression, those for which it is not null."""
    return _value("count", condition)


def sum(expression: str) -> Value:
    return _value("sum", expression)


def mean(expression: str) -> Value:
    return _value("mean", expression)


def min(expression: str) -> Value:
    return _value("min", expression)


def max(expression: str) -> Value:
    return _value("max", expression)


def std(expression: str) -> Value:
    """The sample's standard deviation (n − 1)."""
    return _value("std", expression)


def count_distinct(expression: str) -> Value:
    return _value("count_distinct", expression)


def first(expression: str) -> Value:
    """The earliest value that isn't null."""
    return _value("first", expression)


def last(expression: str) -> Value:
    """The latest value that isn't null."""
    return _value("last", expression)


def rate(condition: str) -> Value:
    """The share of rows, of those where the condition is known, for which it is true."""
    return _value("rate", condition)


def sql(expression: str) -> Value:
    """Any SQL aggregate, whole: `bl.sql("quantile_cont(fare, 0.9)")`."""
    return _value("sql", expression)


def _value(function: Function, expression: str | None) -> Value:
    return Value("", function, expression)


def _names(words: str | Sequence[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


def _first_line(function: Callable[..., object]) -> str | None:
    return function.__doc__.strip().splitlines()[0] if function.__doc__ and function.__doc__.strip() else None


def _caller() -> Place:
    frame = sys._getframe(2)  # where the user's file calls
    return Place(frame.f_code.co_filename, frame.f_lineno)


def _duration(text: str, place: Place) -> Duration:
    try:
        return Duration.parse(text)
    except (TypeError, ValueError) as exc:
        raise _fault(place, "duration-wrong", str(exc), "write a number and a unit") from exc


def _fault(place: Place, rule: str, message: str, mend: str) -> ProjectError:
    return ProjectError.at(rule, place, message, mend=mend)
