"""What a model was measured to need of what is captured: `needs/MODEL.yaml`, kept beside the declarations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from balun.chain.duration import Duration
from balun.chain.yaml_lines import Mapping, Node, Scalar, Sequence, read_yaml
from balun.errors import ProjectError
from balun.finding import Finding, Place

FOLDER = "needs"


@dataclass(frozen=True)
class Need:
    """Of one captured column. worth, low, high: what is lost in the metric without it, and its 95 %.

    resolution: the coarsest step at which nothing is measurably lost, as `15 min` or `10`; None: as it is captured.
    others: columns that tell the same, any of which does in its place.
    """

    event: str
    column: str
    resolution: str | None
    worth: float
    low: float
    high: float
    place: Place
    others: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.event}.{self.column}"

    def words(self, metric: str) -> str:
        """
        >>> Need("departure", "minute", "15", 0.0214, 0.0182, 0.0251, Place("needs/delay.yaml")).words("roc_auc")
        'departure.minute at 15 or finer; worth 0.0214 roc_auc (0.0182 to 0.0251)'
        """
        step = f" at {self.resolution} or finer" if self.resolution else ""
        either = "".join(f" or {one}" for one in self.others)
        return f"{self.name}{either}{step}; worth {self.worth:.4g} {metric} ({self.low:.4g} to {self.high:.4g})"


@dataclass(frozen=True)
class Needs:
    """Of one model. needs: the most worth first. corpus: name of the snapshot that they were measured on."""

    model: str
    metric: str
    corpus: str
    needs: tuple[Need, ...]
    place: Place


def read_needs(file: Path, folder: Path) -> Needs:
    """What `write_needs` wrote. Raises ProjectError with all that is wrong, at its line."""
    place = Place(file.relative_to(folder).as_posix())
    tree = read_yaml(file, place)
    faults: list[Finding] = []
    told = [_text(tree, key, place, faults) for key in ("model", "metric", "corpus")]
    listed = tree.entries.get("needs")
    items = listed.items if isinstance(listed, Sequence) else []
    if not isinstance(listed, Sequence):
        faults.append(
            _fault(place, tree.line_of("needs"), "needs is no list", "write `needs: []` where there are none")
        )
    needs = [need for item in items if (need := _need(item, place, faults))]
    if faults:
        raise ProjectError(faults)
    return Needs(told[0], told[1], told[2], tuple(needs), place)


def _need(item: Node, place: Place, faults: list[Finding]) -> Need | None:
    if not isinstance(item, Mapping):
        faults.append(_fault(place, item.line, "a need is no mapping", "write it as {column: event.column, worth: …}"))
        return None
    known = len(faults)
    column = _text(item, "column", place, faults)
    if column and column.count(".") != 1:
        faults.append(_fault(place, item.line, f"{column} names no captured column", "write it as event.column"))
    step = item.entries.get("resolution")
    resolution = step.text if isinstance(step, Scalar) else None
    if resolution is not None and step_of(resolution) is None:
        faults.append(_fault(place, item.line, f"{resolution} is no step", "write one such as 15 min or 10"))
    worth, low, high = (_number(item, key, place, faults) for key in ("worth", "low", "high"))
    if len(faults) > known:
        return None
    event, name = column.split(".")
    either = item.entries.get("or")
    others = tuple(one.text for one in either.items if isinstance(one, Scalar)) if isinstance(either, Sequence) else ()
    return Need(event, name, resolution, worth, low, high, Place(place.file, item.line), others)


def step_of(text: str) -> float | None:
    """Of a time in microseconds, of a number its own.

    >>> step_of("15 min"), step_of("10"), step_of("soon")
    (900000000.0, 10.0, None)
    """
    try:
        return float(Duration.parse(text).us)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def _text(of: Mapping, key: str, place: Place, faults: list[Finding]) -> str:
    found = of.entries.get(key)
    if isinstance(found, Scalar) and found.text:
        return found.text
    faults.append(_fault(place, of.line, f"{key} is missing", f"write `{key}: …`"))
    return ""


def _number(of: Mapping, key: str, place: Place, faults: list[Finding]) -> float:
    found = of.entries.get(key)
    value = found.value if isinstance(found, Scalar) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    faults.append(_fault(place, of.line, f"{key} is no number", f"write `{key}: 0.02`"))
    return 0.0


def _fault(place: Place, line: int, message: str, mend: str) -> Finding:
    return Finding("needs-unreadable", Place(place.file, line), message, mend=f"{mend}, or measure them anew")


def write_needs(needs: Needs, folder: Path) -> Path:
    """Into the project's folder. Returns the file."""
    file = folder / FOLDER / f"{needs.model}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(_lines(needs)) + "\n", encoding="utf-8")
    return file


def _lines(needs: Needs) -> Iterator[str]:
    yield f"# What {needs.model} needs of what is captured, measured by `balun worth {needs.model} --write`."
    yield "# Commit it: near, map and check show it to those who capture it."
    yield f"model: {needs.model}"
    yield f"metric: {needs.metric}"
    yield f"corpus: {needs.corpus}"
    yield "needs:" if needs.needs else "needs: []"
    for one in needs.needs:
        step = f", resolution: {one.resolution}" if one.resolution else ""
        step += f", or: [{', '.join(one.others)}]" if one.others else ""
        told = f"worth: {one.worth:.6g}, low: {one.low:.6g}, high: {one.high:.6g}"
        yield f"  - {{column: {one.name}{step}, {told}}}"
