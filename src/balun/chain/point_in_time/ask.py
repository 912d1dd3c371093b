"""A declared feature becomes a question of its source's rows; every fault in it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from balun.chain.duration import Duration
from balun.chain.feature import Aggregate, Feature, Latest, Value
from balun.chain.point_in_time.aggregate_sql import narrowed
from balun.chain.point_in_time.binder import Binder, binder
from balun.chain.point_in_time.dtype import bits, kept
from balun.chain.point_in_time.entity import compared
from balun.chain.point_in_time.expression import Expression, Unusable, read_expression
from balun.chain.point_in_time.instant import LOWEST, known_microseconds, microseconds, start
from balun.chain.point_in_time.measure import Survey
from balun.chain.point_in_time.parts import Made, made_of
from balun.chain.point_in_time.question import Column, Part, Probes, Question, Rows
from balun.chain.point_in_time.relation import Examples, Source
from balun.errors import ProjectError, nearest
from balun.finding import Finding
from balun.quoting import quoted

T = TypeVar("T")


def ask(name: str, feature: Feature, source: Source, examples: Examples, survey: Survey | None) -> Question:
    """Raises ProjectError with every fault."""
    with binder(source.columns) as bound:
        return _Asking(name, feature, source, examples, survey, bound).question()


@dataclass
class _Asking:
    name: str
    feature: Feature
    source: Source
    examples: Examples
    survey: Survey | None
    bound: Binder
    where: Expression | None = None
    faults: list[Finding] = field(default_factory=list)
    parts: dict[Part, int] = field(default_factory=dict)
    known: dict[tuple[str, ...], int] = field(default_factory=lambda: {(): 0})

    def question(self) -> Question:
        feature = self.feature
        keys = [key for key in (self._key(column) for column in feature.by) if key]
        self._column(feature.at, self.source.columns, "the source", "at")
        self._column(self.examples.at, self.examples.columns, "the examples", "at")
        us = self._tried("at", lambda: self._us(feature.at)) or "us"
        t = self._tried("examples' at", self._t) or "t"
        self.where = self._tried("where", self._where)
        windows = feature.over if isinstance(feature, Aggregate) else (feature.max_age,)
        columns = self._aggregate(feature) if isinstance(feature, Aggregate) else self._latest(feature)
        order = self._order()
        known = tuple(self._known_sql(us, availabilities) for availabilities in self.known)
        if self.faults:
            raise ProjectError(self.faults)
        return Question(
            rows=Rows(
                relation=self.source.relation,
                keys=tuple(key[0] for key in keys),
                us=us,
                known=known,
                where=self.where.sql if self.where else None,
                order=tuple(quoted(name) for name in order),
                number=self._number(order),
            ),
            probes=Probes(
                relation=self.examples.relation,
                id=self.examples.id,
                keys=tuple(key[1] for key in keys),
                t=f"({t} + 1)" if feature.inclusive else t,
                lows=tuple(self._low(t, window) for window in windows),
            ),
            windows=windows,
            parts=tuple(self.parts),
            columns=tuple(columns),
        )

    def _low(self, t: str, window: Duration | None) -> str:
        if window is None:
            return f"({LOWEST})"
        low = start(t, window, self.source.zone)
        return f"({low} + 1)" if self.feature.inclusive else low

    # Columns that are named

    def _column(self, name: str, columns: Iterable[str], whose: str, role: str) -> str | None:
        """The column's own spelling; a fault where there is none."""
        found = {column.lower(): column for column in columns}.get(name.lower())
        if found is None:
            what = f"{role} names {name}, which {whose} {'have' if whose.endswith('s') else 'has'} no column for"
            self._fault("column-missing", what + nearest(name, columns), f"name a column of {whose}")
        return found

    def _key(self, name: str) -> tuple[str, str] | None:
        """SQL over the source and over the examples."""
        left = self._column(name, self.source.columns, "the source", "by")
        right = self._column(name, self.examples.columns, "the examples", "by")
        if left is None or right is None:
            return None
        types = self.source.columns[left], self.examples.columns[right]
        return self._tried(
            f"by {name}", lambda: (compared(quoted(left), *types), compared(quoted(right), *reversed(types)))
        )

    def _us(self, at: str) -> str:
        type_ = {name.lower(): type_ for name, type_ in self.source.columns.items()}.get(at.lower(), "TIMESTAMP")
        return microseconds(quoted(at), type_, self.source.zone)

    def _t(self) -> str:
        found = {name.lower(): type_ for name, type_ in self.examples.columns.items()}
        type_ = found.get(self.examples.at.lower(), "TIMESTAMP")
        return microseconds(quoted(self.examples.at), type_, self.source.zone)

    def _order(self) -> tuple[str, ...]:
        """The key, then, where it may repeat, the other columns; without those that are equal for all rows of a tie."""
        same = {name.lower() for name in self.feature.by}
        if "TIMESTAMP_NS" not in self.source.columns.values():  # of which we see the microseconds
            same.add(self.feature.at.lower())
        names = self.source.key if self.source.unique and self.source.key else (*self.source.key, *self.source.columns)
        return tuple(dict.fromkeys(name for name in names if name.lower() not in same))

    def _number(self, order: tuple[str, ...]) -> str | None:
        types = {name.lower(): type_ for name, type_ in self.source.columns.items()}
        alone = self.source.unique and len(self.source.key) == len(order) == 1
        return quoted(order[0]) if alone and (bits(types.get(order[0].lower(), "")) or 64) < 64 else None

    # SQL that the user wrote

    def _where(self) -> Expression | None:
        if self.feature.where is None:
            return None
        where = read_expression(self.feature.where, self.source.columns)
        if (type_ := self.bound.type_of(where.sql)) != "BOOLEAN":
            raise Unusable(f"is {type_}, no condition")
        return where

    def _aggregate(self, feature: Aggregate) -> list[Column]:
        made: dict[Value, tuple[tuple[int, ...], str]] = {}
        for value in feature.values:
            found = self._tried(f"{value.name}", lambda value=value: self._value(value))  # type: ignore[misc]
            made[value] = found or ((), "")
        return [
            Column(name, made[value][0], feature.over.index(window), made[value][1])
            for name, value, window in feature.outputs(self.name)
        ]

    def _value(self, value: Value) -> tuple[tuple[int, ...], str]:
        if value.function == "sql":
            return self._sql(value.expression or "")
        read = None if value.expression is None else read_expression(value.expression, self.source.columns)
        type_ = self.bound.type_of(read.sql) if read else ""
        numbers = self.survey.numbers.get(read.sql) if self.survey and read else None
        made: Made = made_of(value, read.sql if read else None, type_, numbers)
        known = self._known(read.columns if read else ())
        return tuple(self._part(replace(part, known=known)) for part in made[0]), made[1]

    def _sql(self, text: str) -> tuple[tuple[int, ...], str]:
        read = read_expression(text, self.source.columns, aggregate=True)
        if not self.bound.is_aggregate(read.sql):
            raise Unusable("is no aggregate")
        type_ = self.bound.type_of(read.sql)
        self.bound.type_of(f"({narrowed(text, 'TRUE', '1')}\n)")
        part = self._part(Part("sql", text, type_, self._known(read.columns), inputs=read.columns))
        return (part,), "{0}::BIGINT" if type_ == "HUGEINT" else kept("{0}", type_)

    def _latest(self, feature: Latest) -> list[Column]:
        columns = []
        for output, name in feature.outputs(self.name):
            found = self._column(name, self.source.columns, "the source", "columns")
            if found is not None:
                type_ = self.source.columns[found]
                part = self._part(Part("latest", quoted(found), type_, self._known((found,))))
                columns.append(Column(output, (part,), 0, kept("{0}", type_)))
        return columns

    def _part(self, part: Part) -> int:
        return self.parts.setdefault(part, len(self.parts))

    # When it is known

    def _known(self, columns: tuple[str, ...]) -> int:
        """The number of the availabilities that a value made of these columns waits for."""
        where = () if self.where is None else self.where.columns
        available = {name.lower(): sql for name, sql in self.source.available.items()}
        waits = [available.get(name.lower()) for name in (*self.feature.by, self.feature.at, *where, *columns)]
        sure = tuple(sorted({sql for sql in (self.source.row_available, *waits) if sql is not None}))
        return self.known.setdefault(sure, len(self.known))

    def _known_sql(self, us: str, availabilities: tuple[str, ...]) -> str | None:
        times = [self._tried("available", lambda sql=sql: self._available(sql)) for sql in availabilities]  # type: ignore[misc]
        sure = [time for time in times if time is not None]
        if not sure:
            return None
        missing = " OR ".join(f"{time} IS NULL" for time in sure)
        return f"CASE WHEN {missing} THEN NULL ELSE greatest({', '.join((us, *sure))}) END"

    def _available(self, sql: str) -> str:
        read = read_expression(sql, self.source.columns)
        return known_microseconds(read.sql, self.bound.type_of(read.sql), self.source.zone)

    # Faults

    def _tried(self, what: str, attempt: Callable[[], T]) -> T | None:
        try:
            return attempt()
        except Unusable as exc:
            self._fault("feature-unusable", f"{what} {exc}", "mend the declaration, or the table it reads")
            return None

    def _fault(self, rule: str, message: str, mend: str) -> None:
        where = self.feature
        subject = f"feature {self.name}: " if self.name else ""
        finding = Finding(rule, where.place, subject + message, mend=mend, owner=where.owner)
        if finding not in self.faults:
            self.faults.append(finding)
