"""The small relational form that every fact walks: what a SELECT does to rows, step by step, as DuckDB binds it."""
