"""A feature compiled to one SELECT."""

from __future__ import annotations

from balun.chain.feature import Feature
from balun.chain.point_in_time.ask import ask
from balun.chain.point_in_time.choice import FORMULATIONS, steps
from balun.chain.point_in_time.clause import Cell, cell
from balun.chain.point_in_time.measure import Survey
from balun.chain.point_in_time.parts import COUNTS
from balun.chain.point_in_time.question import Column, Question
from balun.chain.point_in_time.relation import Examples, Source
from balun.quoting import quoted

__all__ = ["FORMULATIONS", "compile_feature"]


def compile_feature(
    name: str,
    feature: Feature,
    source: Source,
    examples: Examples,
    survey: Survey | None = None,
    *,
    formulation: str | None = None,
) -> str:
    """One SELECT: the examples' id and the feature's outputs, one row for each example, ordered by id.

    survey: what was measured; None: formulations that suit any data.
    formulation: compute with it whatever it can; None: chosen.
    Raises ProjectError with all that is wrong with the declaration.
    """
    return select(ask(name, feature, source, examples, survey), survey, formulation)


def select(question: Question, survey: Survey | None, formulation: str | None = None) -> str:
    """The SELECT that answers it; `survey` is what it was asked with."""
    selects = steps(question, cells_of(question), survey, formulation)
    joined = f"({selects[0]}) AS s0" + "".join(
        f" JOIN ({sql}) AS s{i} USING (id)" for i, sql in enumerate(selects) if i
    )
    columns = ", ".join(f"{_final(question, column)} AS {quoted(column.name)}" for column in question.columns)
    return f"SELECT id AS {quoted(question.probes.id)}, {columns} FROM {joined} ORDER BY id"


def cells_of(question: Question) -> list[Cell]:
    return list(dict.fromkeys((part, column.window) for column in question.columns for part in column.parts))


def _final(question: Question, column: Column) -> str:
    return column.final.format(*(_part(question, part, column.window) for part in column.parts))


def _part(question: Question, part: int, window: int) -> str:
    counted = question.parts[part].function in COUNTS
    return f"coalesce({cell(part, window)}, 0)" if counted else cell(part, window)
