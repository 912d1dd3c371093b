"""The choice of columns beside peers: how many are kept, what that costs on later rows, and after how many fits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import balun as bl
from balun.fit.paired import Gap
from balun.minimize import minimize
from balun.run import Silent
from balun.worth.asked import Answers, Asked
from balun.worth.history import history
from balun.worth.reply import Reply
from balun.worth.standard import Standard
from measure import BENCH, DATA, machine
from minimize_data import SETS, make

_FOLDER = DATA / "minimize"
_VENV = BENCH / ".venv-minimize"
_PACKAGES = ("boruta==0.4.3", "lightgbm==4.7.0", "probatus==3.1.5", "scikit-learn==1.9.1")
_PEERS = {
    "rfecv": "RFECV",
    "sequential": "SequentialFeatureSelector",
    "boruta": "Boruta",
    "shap_rfecv": "ShapRFECV (probatus)",
}
_MARGINS = (0.005, 0.05, "measurable")
_LIMIT_S = float(os.environ.get("BALUN_BENCH_LIMIT", "600"))
_WORDS = """# The smallest model, beside those who choose columns

The same rows, the same estimator (LightGBM, 60 trees of 15 leaves, one thread), the same held-out test, which no search
looks at. Peers search by cross-validation in order of time (5 folds) on all training rows; Balun on the last stretch of
them, by intervals: what is kept loses less than a margin there, a share of the gain over the training's average, with
95 %, or (`measurable`) no more than one standard error. Its fits are those of the search, and then those of the
halves that tell the noise of fitting and of the one look at the test, which no peer takes. `lost` is on the test,
against all columns and against what Balun kept by `measurable`, with 95 % of the paired difference (test rows
alone); positive is worse, in AUC or RMSE."""


@dataclass(frozen=True)
class Choice:
    """without: inputs that it leaves out. error: why there is none."""

    name: str
    without: tuple[str, ...]
    fits: int
    seconds: float
    error: str = ""
    checked: int = 0


def main() -> None:
    """Of the sets that are named, or all; with `--own` Balun's choices alone: minutes in place of hours."""
    names = [name for name in sys.argv[1:] if name != "--own"] or list(SETS)
    if "--own" in sys.argv:
        own = {name: _measured(name, peers=()) for name in names}
        text = "\n".join(["# The smallest model, by margin", "", *_lines(own), machine("scikit-learn", "lightgbm"), ""])
        (BENCH / "results" / "minimize_own.md").write_text(text, encoding="utf-8")
        print(text)
        return
    for name in names:
        file = _FOLDER / f"{name}.json"
        if not file.exists():
            told = _measured(name)
            file.write_text(json.dumps(told), encoding="utf-8")
    done = {name: json.loads(file.read_text()) for name in SETS if (file := _FOLDER / f"{name}.json").exists()}
    lines = [_WORDS, "", *_lines(done), "", machine("scikit-learn", "lightgbm"), ""]
    (BENCH / "results" / "minimize.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


def _measured(name: str, peers: Sequence[str] = tuple(_PEERS)) -> dict[str, object]:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    folder = make(name, _FOLDER)
    bl.load(folder).run()
    choices = [_own(folder, margin) for margin in _MARGINS]
    with history(folder, Silent()) as past:
        answers = Answers(past)
        standard = answers.standard("model:model")
        choices += [_peer(peer, folder, standard) for peer in peers]
        replies = [answers.give(Asked("model:model", own_label=False, without=one.without), _silent) for one in choices]
        own = replies[len(_MARGINS) - 1]
        rows = [_row(standard, one, reply, own) for one, reply in zip(choices, replies, strict=True)]
        shape = [len(standard.inputs), int(standard.data.split.train.sum()), int(standard.data.split.test.sum())]
    return {"metric": standard.metric.name, "shape": shape, "rows": rows}


def _own(folder: Path, margin: float | str) -> Choice:
    started = time.perf_counter()
    found = minimize(folder, "model", margin=margin, steps=False, workers=1, fresh=True)
    gone = tuple(sorted(one.name.split(".", 1)[1] for one in found.gone))
    search = sum(count for why, count in found.fits.items() if why in {"validation", "dropped"})
    checked = sum(found.fits.values()) - search
    said = margin if isinstance(margin, str) else f"{100 * margin:g} %"
    return Choice(f"Balun, {said}", gone, search, time.perf_counter() - started, checked=checked)


def _peer(peer: str, folder: Path, standard: Standard) -> Choice:
    """On all training rows, as the model is given them."""
    data = standard.data
    rows, out = folder / "train.npz", folder / f"{peer}.json"
    x = np.nan_to_num(standard.fitted.encoder.matrix(data.of(data.split.train)), nan=-999.0)
    np.savez(rows, x=x, y=data.label.of(data.split.train).values())
    command = [str(_python()), str(BENCH / "peers" / "select_columns.py"), peer, str(rows), str(out)]
    if not out.exists():
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=_LIMIT_S)
        except subprocess.TimeoutExpired:
            out.write_text(json.dumps({"error": f"not done in {_LIMIT_S:.0f} s", "seconds": _LIMIT_S}))
        except subprocess.CalledProcessError as exc:
            out.write_text(json.dumps({"error": str(exc.stderr).strip().splitlines()[-1][:120], "seconds": 0.0}))
    told = json.loads(out.read_text(encoding="utf-8"))
    kept = {standard.inputs[number] for number in told.get("kept", ())}
    error = told.get("error", "" if kept else "keeps no column")
    gone = () if error else tuple(sorted(set(standard.inputs) - kept))
    return Choice(_PEERS[peer], gone, told.get("fits", 0), told["seconds"], error)


def _python() -> Path:
    if not _VENV.exists():
        subprocess.run([sys.executable, "-m", "venv", str(_VENV)], check=True)
        subprocess.run([str(_VENV / "bin" / "pip"), "install", "--quiet", *_PACKAGES], check=True)
    return _VENV / "bin" / "python"


def _row(standard: Standard, one: Choice, reply: Reply, own: Reply) -> dict[str, object]:
    if one.error:
        return {**asdict(one), "kept": None}
    test = standard.data.split.test
    value = standard.metric.value(standard.data.label.of(test).truth, reply.retrained[0])
    lost, beside = standard.gap(reply.retrained[:1]), standard.gap(reply.retrained[:1], own.retrained[:1])
    kept = len(standard.inputs) - len(one.without)
    return {**asdict(one), "kept": kept, "value": value, "lost": _plain(lost), "beside": _plain(beside)}


def _plain(gap: Gap) -> list[float]:
    return [gap.value, gap.low, gap.high]


def _lines(done: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, told in done.items():
        columns, train, test = told["shape"]
        yield f"## {name}"
        yield ""
        yield f"{columns} columns, {train:,} training rows, {test:,} of the test."
        yield ""
        yield f"| | kept | {told['metric']} | lost against all | lost against Balun's | fits | s |"
        yield "| --- | ---: | ---: | --- | --- | ---: | ---: |"
        for row in told["rows"]:
            if row["kept"] is None:
                yield f"| {row['name']} | {row['error']} | | | | {row['fits'] or ''} | {row['seconds']:.0f} |"
                continue
            spans = [_span(row[one]) for one in ("lost", "beside")]
            numbers = f"{row['kept']} | {row['value']:.4f} | {spans[0]} | {spans[1]}"
            fits = f"{row['fits']} + {row['checked']}" if row["checked"] else str(row["fits"])
            yield f"| {row['name']} | {numbers} | {fits} | {row['seconds']:.1f} |"
        yield ""
        for own in told["rows"][: len(_MARGINS)] if told["rows"][len(_MARGINS) :] else ():
            yield f"{own['name']}: {'; '.join(_against(own, one) for one in told['rows'][len(_MARGINS) :])}."
            yield ""


def _against(own: dict[str, Any], peer: dict[str, Any]) -> str:
    """Sizes and fits; whether the peer's set is measurably better or worse on the test shows in the table."""
    if peer["kept"] is None:
        return f"{peer['name']}: {peer['error']}"
    size = "no fewer" if own["kept"] == peer["kept"] else "fewer" if own["kept"] < peer["kept"] else "MORE"
    share = own["fits"] / peer["fits"]
    return f"{size} than {peer['name']} ({own['kept']}, {peer['kept']}) by {share:.0%} of its fits"


def _span(gap: Sequence[float]) -> str:
    return f"{gap[0]:+.4f} ({gap[1]:+.4f} to {gap[2]:+.4f})"


def _silent(_: str) -> None:
    pass


if __name__ == "__main__":
    main()
