"""What runs, reports and rows look like in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.table import Table
from rich.text import Text

from balun.advice import advice

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from balun.against import Against
    from balun.against.against import Judged
    from balun.check import Checked
    from balun.effect import Effect
    from balun.impact import Impact
    from balun.prove import Proof, Tally
    from balun.run import Outcome, Report
    from balun.status import Status


class Progress:
    """A bar on standard error with the step at hand; nothing where that is no terminal."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._step = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def begin(self, steps: list[str]) -> None:
        if not self._shown or not steps:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=len(steps))
        self._bar.start()

    def start(self, step: str) -> None:
        self._step = step
        self._describe(step)

    def say(self, words: str) -> None:
        self._describe(f"{self._step}: {words}")

    def done(self) -> None:
        if self._bar and self._task is not None:
            self._bar.advance(self._task)

    def end(self) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _describe(self, words: str) -> None:
        if self._bar and self._task is not None:
            self._bar.update(self._task, description=words)


def print_report(report: Report, console: Console) -> None:
    """Counts of each step, the tests of the models, the findings, and what was made."""
    _print_events([outcome for outcome in report.outcomes if outcome.step.startswith("event:")], console)
    _print_steps([outcome for outcome in report.outcomes if not outcome.step.startswith(("event:", "model:"))], console)
    for outcome in report.outcomes:
        if outcome.step.startswith("model:"):
            _print_model(outcome, console)
    for finding in report.findings:
        console.print(Text(str(finding), style="yellow"), soft_wrap=True)
    console.print(_last_line(report))


def _last_line(report: Report) -> str:
    if report.stopped:
        return "Stopped: nothing downstream was made, and what was current still is"
    made = f"{report.made} of {len(report.outcomes)} made" if report.made else "Nothing to make: all is up to date"
    found = f", {len(report.findings)} findings" if report.findings else ""
    return f"{made}{found}, {report.seconds:.1f} s"


def _grid(*columns: str) -> Table:
    """A table without lines; columns of numbers stand to the right. What doesn't fit is cut with an ellipsis; of words
    about a change it goes on below.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        numeric = column.lstrip("=+ ") in {"collected", "kept", "quarantined", "duplicates", "rows", "seconds"}
        if column in {"what of it", "does"}:
            table.add_column(column, overflow="fold", ratio=1)
        else:
            table.add_column(column, justify="right" if numeric else "left", no_wrap=True, overflow="ellipsis")
    return table


def _print_events(outcomes: list[Outcome], console: Console) -> None:
    table = _grid("event", "owner", "collected", "= kept", "+ quarantined", "+ duplicates", "seconds")
    reasons, mended = [], []
    for outcome in outcomes:
        counts = outcome.info.get("collected")
        if not isinstance(counts, Mapping):
            continue
        signed = (("", "collected"), ("= ", "kept"), ("+ ", "quarantined"), ("+ ", "duplicates"))
        numbers = [f"{sign}{counts[name]:,}" for sign, name in signed]
        table.add_row(_name(outcome), outcome.owner or "", *numbers, _seconds(outcome))
        reasons += [(_name(outcome), reason) for reason in counts.get("reasons", ())]
        if counts.get("mended"):
            mended.append(f"  {_name(outcome)}: {counts['mended']:,} of the kept rows are mended")
    if outcomes:
        console.print(table)
    for words in mended:
        console.print(words, soft_wrap=True)
    for name, reason in reasons:
        console.print(f"  {name}: {reason['rows']:,} × {reason['message']}", style="yellow", soft_wrap=True)
    console.print()


def _print_steps(outcomes: list[Outcome], console: Console) -> None:
    table = _grid("step", "owner", "rows", "seconds")
    notes = []
    for outcome in outcomes:
        rows = outcome.info.get("rows")
        if outcome.info.get("unlabelled"):
            notes.append(f"  {_name(outcome)}: {outcome.info['unlabelled']:,} examples have no label and are left out")
        link = outcome.info.get("link")
        if isinstance(link, Mapping):
            notes.append(f"  {_name(outcome)}: {_of_link(link)}")
        shown = f"{rows:,}" if isinstance(rows, int) else ""
        table.add_row(outcome.step.replace(":", " ", 1), outcome.owner or "", shown, _seconds(outcome))
    if outcomes:
        console.print(table)
        for note in notes:
            console.print(note, style="yellow", soft_wrap=True)
        console.print()


def _of_link(link: Mapping[str, object]) -> str:
    compared, matches = int(str(link["compared"])), int(str(link["matches"]))
    precision, recall = (f"{float(str(link[name])):.1%}" for name in ("precision", "recall"))
    return (
        f"{compared:,} pairs compared, {matches:,} linked at {float(str(link['threshold'])):.3g}; "
        f"estimated precision {precision}, recall {recall}"
    )


def _print_model(outcome: Outcome, console: Console) -> None:
    from balun.fit import Result, draw

    told = outcome.info.get("result")
    if isinstance(told, Mapping):
        console.print(f"[bold]model {_name(outcome)}[/bold]   owner {outcome.owner}   {_taken(outcome)}")
        draw(Result.from_json(told), console)
        console.print()


def _name(outcome: Outcome) -> str:
    return outcome.step.split(":", 1)[1]


def _seconds(outcome: Outcome) -> str:
    return f"{outcome.seconds:.1f}" if outcome.made else "kept"


def _taken(outcome: Outcome) -> str:
    return f"{outcome.seconds:.1f} s" if outcome.made else "kept"


def print_status(status: Status, console: Console) -> None:
    table = _grid("step", "owner", "state")
    for state in status.states:
        words = Text(state.why, style="green" if state.fresh else "yellow")
        table.add_row(state.step.id.replace(":", " ", 1), state.step.node.owner or "", words)
    console.print(table)
    console.print(f"{status.stale} of {len(status.states)} to make" if status.stale else "All is up to date")
    console.print(Text(status.match.words()), soft_wrap=True)


def print_checked(checked: Checked, console: Console) -> None:
    """Findings, what couldn't be understood, and how much could."""
    for finding in checked.findings:
        console.print(Text(str(finding), style="yellow"), soft_wrap=True)
    for one in checked.unclear:
        console.print(Text(f"{one.place}  not understood: {one.reason}", style="dim"), soft_wrap=True)
    share = checked.resolved / checked.columns if checked.columns else 1.0
    parts = [f"{len(checked.findings)} findings" if checked.findings else "Nothing found"]
    parts += [f"{len(checked.accepted)} accepted"] if checked.accepted else []
    console.print(f"{', '.join(parts)}; {checked.resolved:,} of {checked.columns:,} columns followed ({share:.1%})")


def print_impact(found: Impact, console: Console) -> None:
    """Each node downstream with its verdict, what is wrong then, and who must agree."""
    console.print(f"[bold]{found.change}[/bold]", highlight=False)
    print_effects(found.effects, console)
    if found.note:
        console.print(found.note, soft_wrap=True)
    for one in found.needs:
        console.print(Text(f"measured: {one}", style="bold"), soft_wrap=True)
    for finding in found.findings:
        console.print(Text(str(finding), style="yellow"), soft_wrap=True)
    if found.worst != "same":
        console.print(f"mend: {advice(found.change, found.worst)}", soft_wrap=True)
    console.print(f"must agree: {', '.join(found.agree)}" if found.agree else "Nobody needs to be asked")


def print_against(found: Against, console: Console) -> None:
    """Each edit since a revision, then what they do together, what is wrong since, and who must agree."""
    if not found.edits:
        console.print(f"Nothing that is declared differs from {found.revision}")
    table = _grid("edit", "of", "owner", "does")
    for one in found.edits:
        name = one.edit.node.id.replace(":", " ", 1)
        table.add_row(f"{one.edit.words}\n  {one.edit.place}", name, one.edit.node.owner or "", _does(one))
    if found.edits:
        console.print(table)
    touched = [effect for effect in found.effects if effect.verdict != "same"]
    if touched:
        print_effects(touched, console)
    for finding in found.findings:
        console.print(Text(str(finding), style="yellow"), soft_wrap=True)
    same = len(found.effects) - len(touched)
    console.print(f"{same} of {len(found.effects)} proved the same as at {found.revision}")
    if found.agree:
        console.print(f"must agree: {', '.join(found.agree)}")


def _does(one: Judged) -> Text:
    style = {"breaks": "red", "shifts": "yellow", "same": "green"}[one.worst]
    names = ", ".join(effect.node.name for effect in one.effects)
    told = "\n".join([f"{one.worst}: {names}" if names else one.worst, *(cost.words() for cost in one.costs)])
    return Text(f"{told}\nmend: {one.mend}" if one.worst != "same" else told, style=style)


def print_effects(effects: Iterable[Effect], console: Console) -> None:
    table = _grid("verdict", "node", "where", "owner", "what of it")
    for effect in effects:
        style = {"breaks": "red", "shifts": "yellow", "same": "green"}[effect.verdict]
        name = effect.node.id.replace(":", " ", 1)
        where = str(effect.node.declared.place)
        table.add_row(Text(effect.verdict, style=style), name, where, effect.node.owner or "", _what_of(effect))
    console.print(table)


_MOST_COLUMNS = 6


def _what_of(effect: Effect) -> str:
    if effect.verdict == "same":
        return ""
    if effect.why:
        return "; ".join(effect.why)
    if effect.rows:
        return "its rows"
    facts = {fact.split(":")[0]: fact.split(": ", 1)[1] for fact in effect.facts if ": " in fact}
    told = [f"{name} ({facts[name]})" if name in facts else name for name in effect.touched]
    more = [f"{len(told) - _MOST_COLUMNS} more"] if len(told) > _MOST_COLUMNS + 1 else []
    return ", ".join([*told[: _MOST_COLUMNS if more else None], *more]) or "; ".join(effect.facts)


def print_proof(proof: Proof, console: Console) -> None:
    """Recall and precision by kind of change, then each miss, and the false alarms by change."""
    table = _grid("change", "verdicts", "touched", "found", "recall", "precision", "untouched", "false alarms")
    for kind, told in [*proof.kinds().items(), ("all", proof.whole)]:
        counts = (told.cells, told.touched, told.found)
        shares = (f"{told.recall:.1%}", f"{told.precision:.1%}")
        table.add_row(kind, *(f"{count:,}" for count in counts), *shares, f"{told.same:,}", _of_same(told))
    console.print(table)
    for cell in proof.missed:
        console.print(Text(f"missed  {cell}", style="red"), soft_wrap=True)
    alarms: dict[tuple[str, str, str], list[str]] = {}
    for cell in proof.false_alarms:
        alarms.setdefault((cell.change, cell.node, cell.why), []).append(cell.column or "as a whole")
    for (change, node, why), columns in alarms.items():
        reason = f": {why}" if why else ""
        console.print(
            Text(f"false alarm  {change}  {node}  {', '.join(columns)}{reason}", style="yellow"), soft_wrap=True
        )
    for change, why in proof.skipped:
        console.print(Text(f"skipped  {change}: {why}"), soft_wrap=True)
    missed = f"{len(proof.missed)} missed" if proof.missed else "nothing missed"
    console.print(f"{proof.changes} changes tried, {missed}")


def _of_same(told: Tally) -> str:
    return f"{told.false_alarms:,} ({told.false_rate:.1%})"


def print_rows(rows: pa.Table, console: Console) -> None:
    """Rows as a table; where they are too wide, each row as a list of its values."""
    names = list(rows.column_names)
    shown = [[_cell(value) for value in row.values()] for row in rows.to_pylist()]
    widths = [max([len(name), *(len(row[place]) for row in shown)]) for place, name in enumerate(names)]
    if sum(widths) + 2 * len(widths) <= console.width:
        table = _grid(*names)
        for row in shown:
            table.add_row(*row)
        console.print(table)
        return
    for number, row in enumerate(shown, 1):
        console.print(f"[bold]row {number}[/bold]")
        for name, value in zip(names, row, strict=True):
            console.print(Text(f"  {name:<{max(map(len, names))}}  {value}"))


def _cell(value: object) -> str:
    if value is None:
        return "·"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return str(value)
