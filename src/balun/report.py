"""What `balun check` found or says of changes, for others: SARIF, GitHub's annotations, a Markdown comment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from balun.against import Against
from balun.against.against import Judged
from balun.check import Checked
from balun.finding import Finding
from balun.rules import RULES

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(checked: Checked) -> str:
    """SARIF 2.1.0, as code scanning services read it. An accepted finding is there, suppressed with its reason."""
    results = [_result(finding) for finding in checked.findings]
    results += [_result(one.finding) | {"suppressions": [_suppressed(one.why)]} for one in checked.accepted]
    return _sarif(results)


def _sarif(results: list[dict[str, object]]) -> str:
    rules = [{"id": rule.name, "shortDescription": {"text": _first_paragraph(rule.page)}} for rule in RULES]
    rules += [{"id": name, "shortDescription": {"text": text}} for name, text in _OF_CHANGES.items()]
    tool = {"driver": {"name": "balun", "rules": rules}}
    told = {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": tool, "results": results}]}
    return json.dumps(told, indent=1, ensure_ascii=False)


_OF_CHANGES = {
    "change-breaks": "A change after which something downstream can't be built, or breaks a promise.",
    "change-shifts": "A change after which something downstream may hold other values.",
}


def findings_of(found: Against) -> list[Finding]:
    """What edits break or shift, as findings at the edits; then what is wrong since."""
    told = [
        Finding(
            f"change-{one.worst}",
            one.edit.place,
            "; ".join([_said(one), *(cost.words() for cost in one.costs)]),
            breaks=tuple(effect.node.name for effect in one.effects if effect.verdict == "breaks"),
            owner=one.edit.node.owner,
            mend=one.mend,
        )
        for one in found.edits
        if one.worst != "same"
    ]
    return [*told, *found.findings]


def _said(one: Judged) -> str:
    return f"{one.edit.words} {one.worst} {', '.join(effect.node.name for effect in one.effects)}"


def against_as_sarif(found: Against) -> str:
    return _sarif([_result(one) | {"level": _level(one)} for one in findings_of(found)])


def _level(finding: Finding) -> str:
    return "warning" if finding.rule == "change-shifts" else "error"


def against_as_github(found: Against) -> str:
    return "\n".join(_annotation(one, _level(one)) for one in findings_of(found))


def against_as_markdown(found: Against) -> str:
    """A comment for a pull request: what changed, what that does, who must agree."""
    told = {"breaks": "breaks", "shifts": "shifts", "same": "changes nothing"}[found.worst]
    lines = [f"**balun check** of {found.project} against {found.revision}: {told}", ""]
    if found.edits:
        lines += ["| edit | of | does | owner | mend |", "| --- | --- | --- | --- | --- |"]
    for one in found.edits:
        names = ", ".join(f"{effect.node.name} ({effect.verdict})" for effect in one.effects)
        cells = (
            f"{one.edit.words} `{one.edit.place}`",
            one.edit.node.name,
            "; ".join([names or "nothing", *(cost.words() for cost in one.costs)]),
            one.edit.node.owner or "",
        )
        lines.append(_row((*cells, one.mend if one.worst != "same" else "")))
    for finding in found.findings:
        lines += ["", f"`{finding.place}` **{finding.rule}** {finding.message}. {_more(finding)}"]
    agree = ", ".join(found.agree)
    return "\n".join([*lines, "", f"Must agree: {agree}." if agree else "Nobody else needs to agree."])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _suppressed(why: str) -> dict[str, str]:
    return {"kind": "inSource", "justification": why}


def _result(finding: Finding) -> dict[str, object]:
    region = {"region": {"startLine": finding.place.line}} if finding.place.line else {}
    location = {"physicalLocation": {"artifactLocation": {"uri": finding.place.file}, **region}}
    text = f"{finding.message}\n{_more(finding)}"
    return {"ruleId": finding.rule, "level": "error", "message": {"text": text}, "locations": [location]}


def _more(finding: Finding) -> str:
    parts = [f"breaks {' > '.join(finding.breaks)}"] if finding.breaks else []
    parts += [f"owner: {finding.owner}"] if finding.owner else []
    return "\n".join([*parts, f"mend: {finding.mend}"])


def _first_paragraph(page: str) -> str:
    return " ".join(page.split("\n\n")[1].split())


def as_github(checked: Checked) -> str:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    return "\n".join(_annotation(finding, "error") for finding in checked.findings)


def _annotation(finding: Finding, level: str) -> str:
    line = f",line={finding.place.line}" if finding.place.line else ""
    text = _escaped(f"{finding.message}\n{_more(finding)}")
    return f"::{level} file={finding.place.file}{line},title={finding.rule}::{text}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def as_markdown(checked: Checked) -> str:
    """A comment for a pull request."""
    head = f"**balun check**: {len(checked.findings)} findings in {checked.project}"
    lines = [head, ""]
    if checked.findings:
        lines += ["| where | what | breaks | owner | mend |", "| --- | --- | --- | --- | --- |"]
    for finding in checked.findings:
        cells = (str(finding.place), f"`{finding.rule}` {finding.message}", " > ".join(finding.breaks))
        lines.append(_row((*cells, finding.owner or "", finding.mend)))
    if checked.accepted:
        lines += ["", f"{len(checked.accepted)} accepted, with reasons, in the files."]
    return "\n".join(lines)


FORMATS: Mapping[str, Callable[[Checked], str]] = {
    "sarif": as_sarif,
    "github": as_github,
    "markdown": as_markdown,
}
AGAINST: Mapping[str, Callable[[Against], str]] = {
    "sarif": against_as_sarif,
    "github": against_as_github,
    "markdown": against_as_markdown,
}
