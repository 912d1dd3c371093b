from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import balun as bl
from balun.errors import UsageError
from balun.profile import LEVELS, Counted, Profile, profile_of

_FLOATS = st.none() | st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, 0.0])
_TEXTS = st.none() | st.sampled_from(["", "Ab1", "ab12", "N/A", "É-9", "n", "v", "x" * 300])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(_FLOATS, _TEXTS), max_size=40))
def test_profile_is_as_counted_by_hand(rows: list[tuple[float | None, str | None]]) -> None:
    numbers, texts = [one for one, _ in rows], [one for _, one in rows]
    # Names that the profile's own statements might trip over.
    held = pa.table({"n": pa.array(numbers, pa.float64(), from_pandas=False), "v": pa.array(texts, pa.string())})
    connection = duckdb.connect()
    connection.register("held", held)
    found = profile_of(connection, "held")
    number, text = found.columns
    finite = sorted(one for one in numbers if one is not None and math.isfinite(one))
    assert (found.rows, found.seen) == (len(rows), len(rows))
    assert number.nulls == numbers.count(None)
    if finite:
        assert number.mean == pytest.approx(statistics.fmean(finite), abs=1e-6)
        assert number.deviation == pytest.approx(statistics.pstdev(finite), abs=1e-6)
        assert number.quantiles == pytest.approx([_quantile(finite, level) for level in LEVELS], abs=1e-6)
    else:
        assert (number.mean, number.quantiles) == (None, ())
    filled = [one for one in texts if one is not None]
    assert (text.nulls, text.distinct) == (texts.count(None), len(set(filled)))
    assert (text.least, text.most) == ((min(filled)[:200], max(filled)[:200]) if filled else (None, None))
    assert (text.shortest, text.longest) == ((min(map(len, filled)), max(map(len, filled))) if filled else (None, None))
    counts = sorted(Counter(one[:200] for one in filled).items(), key=lambda one: (-one[1], one[0].encode()))
    assert text.top == tuple(Counted(*one) for one in counts)


def _quantile(ordered: list[float], level: float) -> float:
    at = level * (len(ordered) - 1)
    low = ordered[math.floor(at)]
    return low + (ordered[math.ceil(at)] - low) * (at - math.floor(at))


@pytest.mark.parametrize(
    ("value", "shape"),
    [("N725MQ", "A9+A+"), ("ab-C 9", "a+-A 9"), ("Été 2013", "Aa+ 9+"), ("", ""), ("..", ".."), ("東京1", "a+9")],
)
def test_shape_tells_runs_once(value: str, shape: str) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE held AS SELECT $1 AS word", [value])
    assert profile_of(connection, "held").columns[0].shapes == (Counted(shape, 1),)


def test_every_type_has_a_profile_that_is_json() -> None:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE odd AS SELECT 1::UTINYINT a, 'x'::BLOB b, '{}'::JSON c, [1] d, {'a': 1} e, true f, "
        "TIME '12:00' g, TIMESTAMPTZ '2020-01-01' h, DATE 'infinity' i, 'nan'::DOUBLE j, INTERVAL 1 DAY k, uuid() l, "
        "MAP {'a': 1} m, 1.5::DECIMAL(9,2) n, '12:00:00+01'::TIMETZ p, NULL r, 1::UHUGEINT s, 1e300 v"
    )
    found = profile_of(connection, "odd")
    assert Profile.from_json(json.loads(json.dumps(found.as_json(), allow_nan=False))) == found
    assert (found.columns[6].mean, found.columns[7].mean) == (43200, 1577836800)


def test_sample_of_many_rows_is_the_same_each_time(tmp_path: Path) -> None:
    file = tmp_path / "many.parquet"
    pq.write_table(pa.table({"a": range(200_000), "b": [at % 7 + 0.1 for at in range(200_000)]}), file)
    told = set()
    for threads in (1, 4, 4):
        connection = duckdb.connect(config={"threads": threads})
        found = profile_of(connection, f"read_parquet('{file}')", "file_row_number")
        told.add(json.dumps(found.as_json()))
    assert len(told) == 1
    assert (found.rows, found.columns[1].distinct) == (200_000, 7)
    assert 45_000 < found.seen < 55_000
    assert found.columns[0].quantiles[64] == pytest.approx(100_000, rel=0.02)
    assert (found.columns[0].quantiles[0], found.columns[0].quantiles[-1]) == (0, 199_999)


def test_run_keeps_the_profile_of_events_and_tables(ran: bl.Project) -> None:
    order, big = ran["order"].profile(), ran["big"].profile()
    assert (order.rows, big.rows) == (1500, 1500)
    assert [one.name for one in big.columns] == ran["big"].rows().column_names
    with pytest.raises(UsageError, match="no profile"):
        ran["risk"].profile()
