"""What has moved in the rows: against another set of rows, and from day to day."""

from balun.drift.asked import Asked
from balun.drift.baseline import kept_snapshots, write_baseline
from balun.drift.draw import draw
from balun.drift.draw_runs import draw_runs
from balun.drift.drift import Drift, drift
from balun.drift.runs import Runs, runs

__all__ = ["Asked", "Drift", "Runs", "draw", "draw_runs", "drift", "kept_snapshots", "runs", "write_baseline"]
