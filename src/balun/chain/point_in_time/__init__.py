"""Point-in-time features compiled to DuckDB SQL."""

from balun.chain.point_in_time.compiled import FORMULATIONS, compile_feature
from balun.chain.point_in_time.measure import Survey
from balun.chain.point_in_time.relation import Examples, Source
from balun.chain.point_in_time.surveying import survey

__all__ = ["FORMULATIONS", "Examples", "Source", "Survey", "compile_feature", "survey"]
