"""What `balun check` found, for those who read it elsewhere: SARIF, GitHub's annotations, a Markdown comment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from balun.check import Checked
from balun.finding import Finding
from balun.rules import RULES

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(checked: Checked) -> str:
    """SARIF 2.1.0, as code scanning services read it. An accepted finding is there, suppressed with its reason."""
    results = [_result(finding) for finding in checked.findings]
    results += [_result(one.finding) | {"suppressions": [_suppressed(one.why)]} for one in checked.accepted]
    rules = [{"id": rule.name, "shortDescription": {"text": _first_paragraph(rule.page)}} for rule in RULES]
    tool = {"driver": {"name": "balun", "rules": rules}}
    told = {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": tool, "results": results}]}
    return json.dumps(told, indent=1, ensure_ascii=False)


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
    lines = []
    for finding in checked.findings:
        line = f",line={finding.place.line}" if finding.place.line else ""
        text = _escaped(f"{finding.message}\n{_more(finding)}")
        lines.append(f"::error file={finding.place.file}{line},title={finding.rule}::{text}")
    return "\n".join(lines)


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
        row = (*cells, finding.owner or "", finding.mend)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    if checked.accepted:
        lines += ["", f"{len(checked.accepted)} accepted, with reasons, in the files."]
    return "\n".join(lines)


FORMATS: Mapping[str, Callable[[Checked], str]] = {
    "sarif": as_sarif,
    "github": as_github,
    "markdown": as_markdown,
}
