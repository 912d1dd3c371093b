"""Feast's local store: `get_historical_features` of the latest values; it has no windows. In its own environment."""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Int64, String


def main(job: str, data: Path, out: Path) -> None:
    if job != "latest":
        raise SystemExit("Feast has no windows of its own")
    repo = Path(tempfile.mkdtemp(dir=data))
    (repo / "feature_store.yaml").write_text(
        "project: bench\nregistry: registry.db\nprovider: local\noffline_store:\n  type: duckdb\n"
        "online_store:\n  type: sqlite\n  path: online.db\nentity_key_serialization_version: 3\n",
        encoding="utf-8",
    )
    store = FeatureStore(repo_path=str(repo))
    entity = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
    source = FileSource(path=str(data / "events.parquet"), timestamp_field="ts")
    schema = [Field(name="amount", dtype=Int64), Field(name="status", dtype=String), Field(name="item", dtype=Int64)]
    view = FeatureView(name="latest", entities=[entity], ttl=timedelta(days=4000), schema=schema, source=source)
    store.apply([entity, view])
    examples = pd.read_parquet(data / "examples.parquet").rename(columns={"at": "event_timestamp"})
    wanted = ["latest:amount", "latest:status", "latest:item"]
    found = store.get_historical_features(entity_df=examples, features=wanted).to_df()
    names = {name: f"latest_{name}" for name in ("amount", "status", "item")}
    found[["example", *names]].rename(columns=names).to_parquet(out, index=False)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
