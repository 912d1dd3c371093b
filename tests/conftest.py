"""What tests share: a shop made once, and `--accept`, which writes expected outputs anew."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import balun as bl
from shop import make_shop

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["NO_COLOR"] = "1"
os.environ["COLUMNS"] = "120"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="write expected outputs anew")


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--accept"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the workers of one run have together; the next run gets a new one."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop of one's own, not run yet."""
    return make_shop(tmp_path / "shop")


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_shop(tmp_path_factory.mktemp("ran") / "shop")
    bl.load(folder).run()
    return folder


@pytest.fixture(scope="session")
def ran(_ran: Path) -> bl.Project:
    """A shop that has been run; for reading only."""
    return bl.load(_ran)


@pytest.fixture
def ran_copy(_ran: Path, tmp_path: Path) -> Path:
    """A shop that has been run; for changing."""
    return Path(shutil.copytree(_ran, tmp_path / "shop"))
