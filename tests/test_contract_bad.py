"""Each bad contract has its findings beside it, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from balun.chain.odcs import read_contracts
from balun.errors import ProjectError

BAD = Path(__file__).parent / "contracts" / "bad"
FILES = sorted(BAD.glob("*.odcs.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".odcs.yaml"))
def test_bad_contract_gives_its_findings(file: Path) -> None:
    expected = file.with_name(file.name.replace(".odcs.yaml", ".txt")).read_text(encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        read_contracts(file, BAD)
    assert str(caught.value) + "\n" == expected
    assert all(finding.place.line for finding in caught.value.findings)


def test_there_are_bad_contracts() -> None:
    assert len(FILES) > 90
