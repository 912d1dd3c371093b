"""A model as it was fitted: it answers for new rows, and lies in a folder as `model.pickle` and `schema.json`."""

from __future__ import annotations

import hashlib
import json
import pickle
import platform
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray

from balun.errors import ProjectError, UsageError
from balun.finding import Place
from balun.fit.encode import Encoder
from balun.fit.given import given
from balun.fit.threads import FEW_ROWS, one_thread

_PICKLE, _SCHEMA = "model.pickle", "schema.json"


@dataclass(frozen=True)
class Fitted:
    """estimator: fitted on what `encoder` makes of rows. snapshot: the name of the corpus it was fitted on."""

    name: str
    estimator: object
    encoder: Encoder
    label: str
    snapshot: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """Their names, in order. Where one of them is a time, rows need the examples' time beside them."""
        return tuple(one.name for one in self.encoder.inputs)

    @property
    def classes(self) -> tuple[object, ...]:
        """What the columns of `predict_proba` stand for; empty of a regressor."""
        return tuple(getattr(self.estimator, "classes_", np.empty(0)).tolist())

    def predict(self, rows: object) -> NDArray[np.generic]:
        """A class or a value for each row.

        rows: an Arrow table, a Polars or pandas frame or a list of dicts; columns that are no inputs are passed over.
        Raises UsageError where an input is missing or of a type that can't be its own.
        """
        return self._ask("predict", rows)

    def predict_proba(self, rows: object) -> NDArray[np.generic]:
        """Each class's probability for each row, in the order of `classes`. Raises UsageError as `predict` does."""
        if not hasattr(self.estimator, "predict_proba"):
            raise UsageError(f"{type(self.estimator).__name__} gives no probabilities; ask it to predict()")
        return self._ask("predict_proba", rows)

    def _ask(self, what: str, rows: object) -> NDArray[np.generic]:
        table = given(rows, self.encoder)
        if not table.num_rows:
            return np.empty((0, len(self.classes)) if what == "predict_proba" else 0)
        ask, matrix = getattr(self.estimator, what), self.encoder.matrix(table)
        with one_thread() if len(matrix) < FEW_ROWS else nullcontext():
            answer: NDArray[np.generic] = np.asarray(ask(matrix))
        return answer

    def save(self, folder: Path) -> None:
        """Into a folder, which is made. Raises what `pickle` raises of an estimator that it can't write."""
        packed = pickle.dumps(self.estimator, protocol=5)
        told: dict[str, object] = {
            "name": self.name,
            "label": self.label,
            "snapshot": self.snapshot,
            "classes": [str(one) for one in self.classes],
            "estimator": f"{type(self.estimator).__module__}.{type(self.estimator).__qualname__}",
            "versions": _versions(self.estimator),
            "encoder": self.encoder.as_json(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _PICKLE).write_bytes(packed)
        whole = {"sha256": _checksum(packed, told), **told}
        (folder / _SCHEMA).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Fitted:
        """What `save` wrote. A pickle runs code when it is read: load only what you made or trust.

        Raises ProjectError where a file is missing or damaged, or where another version of scikit-learn wrote it.
        """
        packed, told = _read(folder)
        # Another version may unpickle without complaint and answer otherwise.
        written, here = str(told["versions"]["scikit-learn"]), sklearn.__version__
        if written.split(".")[:2] != here.split(".")[:2]:
            message = f"the model was fitted with scikit-learn {written}, and this is {here}"
            raise _refused("model-of-another-version", folder / _PICKLE, message, f"install scikit-learn {written}")
        try:
            estimator = pickle.loads(packed)
        except (ImportError, AttributeError) as exc:
            message = f"the model needs what can't be imported here: {exc}"
            raise _refused(
                "model-not-loaded", folder / _PICKLE, message, f"install what {told['estimator']} needs"
            ) from exc
        try:
            encoder = Encoder.from_json(told["encoder"])
        except (KeyError, TypeError, ValueError) as exc:
            message = f"the model was saved by Balun {told['versions']['balun']}, which tells of inputs in other words"
            mend = "delete the folder and run the project again"
            raise _refused("model-of-another-version", folder / _SCHEMA, message, mend) from exc
        return cls(told["name"], estimator, encoder, told["label"], told["snapshot"])


def _read(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """Both files, once their checksum agrees."""
    try:
        packed = (folder / _PICKLE).read_bytes()
        text = (folder / _SCHEMA).read_text(encoding="utf-8")
    except OSError as exc:
        raise _damaged(folder, f"a file of the model can't be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise _damaged(folder, f"{_SCHEMA} is no text") from exc
    try:
        told = json.loads(text)
    except json.JSONDecodeError as exc:
        raise _damaged(folder, f"{_SCHEMA} is no JSON: {exc}") from exc
    if not isinstance(told, dict) or told.pop("sha256", None) != _checksum(packed, told):
        raise _damaged(folder, "the model's files aren't as they were written: their checksum differs")
    return packed, told


def _checksum(packed: bytes, told: dict[str, object]) -> str:
    text = json.dumps(told, sort_keys=True).encode()
    return hashlib.sha256(len(text).to_bytes(8) + text + packed).hexdigest()


def _damaged(folder: Path, message: str) -> ProjectError:
    return _refused("model-damaged", folder / _SCHEMA, message, "delete the folder and run the project again")


def _refused(rule: str, file: Path, message: str, mend: str) -> ProjectError:
    return ProjectError.at(rule, Place(str(file)), message, mend=mend)


def _versions(estimator: object) -> dict[str, str]:
    """Of what the pickle depends on."""
    found = {"balun": _version("balun"), "python": platform.python_version(), "scikit-learn": sklearn.__version__}
    root = type(estimator).__module__.split(".")[0]
    if root not in {"sklearn", "balun"} and _version(root):
        found[root] = _version(root)
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
