"""What makes several rows of one, as DuckDB's plan can be read: lists are unnested in a SELECT beside the row."""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
import sqlglot.expressions as exp

from balun.dbt.parts import Parts
from balun.dbt.stand_in import argument
from balun.quoting import quoted

# Functions that make rows, and what each row holds where nobody names it.
_MAKES = {
    "jsonb_array_elements": ("value",), "json_array_elements": ("value",), "jsonb_array_elements_text": ("value",),
    "json_array_elements_text": ("value",), "jsonb_object_keys": ("key",), "json_object_keys": ("key",),
    "jsonb_each": ("key", "value"), "json_each": ("key", "value"), "jsonb_each_text": ("key", "value"),
    "json_each_text": ("key", "value"), "regexp_split_to_table": ("value",), "string_to_table": ("value",),
    "split_to_table": ("seq", "index", "value"), "strtok_split_to_table": ("seq", "index", "value"),
}  # fmt: skip
_FLAT = ("seq", "key", "path", "index", "value", "this")
_KINDS = {"seq": "numbers", "index": "numbers", "value": "jsons"}


def rows_in_duckdb(parts: Parts) -> None:
    for one in parts.of(exp.Explode):
        about = one.parent
        if isinstance(about, exp.TableFromRows) or (isinstance(about, exp.Lateral) and not about.args.get("view")):
            _flattened(about, one)
        elif isinstance(about, exp.Lateral) and len(about.alias_column_names) == 2:
            _beside(about, [one.this], "explode", about.alias_column_names, ())
    for one in parts.of(exp.Posexplode, exp.PosexplodeOuter):
        if isinstance(one.parent, exp.Lateral):
            names = one.parent.alias_column_names or ["pos", "col"]
            _beside(one.parent, [one.this], "posexplode", names[:2], ("numbers",))
    for unnest in parts.of(exp.Unnest):
        _numbered(unnest)
    for call in parts.of(exp.Anonymous):
        if str(call.this).lower() in _MAKES:
            _called(call, str(call.this).lower(), call.expressions)
    for split in parts.of(exp.SplitToTable):
        _called(split, "split_to_table", list(split.iter_expressions()))


def _beside(
    whole: exp.Expr, of: Sequence[exp.Expr], word: str, names: Sequence[str], kinds: Sequence[str], alias: str = ""
) -> None:
    """Puts a SELECT beside the row in place of `whole`, which unnests a list for each name."""
    told = [*kinds, *("list" for _ in names)]
    outputs = ", ".join(
        f"UNNEST({word}_as_{kind}(it)) AS {quoted(name)}" for name, kind in zip(names, told, strict=False)
    )
    made = sqlglot.parse_one(f"SELECT 1 FROM t, LATERAL (SELECT {outputs}) AS f", read="duckdb")
    lateral = next(made.find_all(exp.Lateral))
    for call in list(lateral.find_all(exp.Anonymous)):
        call.set("expressions", [argument(one) for one in of])
    lateral.set("alias", exp.TableAlias(this=exp.to_identifier(alias or whole.alias or f"of_{word}")))
    if whole.arg_key == "laterals" and whole.parent is not None:  # a LATERAL VIEW stands apart from the joins
        select = whole.parent
        whole.pop()
        select.append("joins", exp.Join(this=lateral, kind="CROSS"))
    else:
        whole.replace(lateral)


def _numbered(unnest: exp.Unnest) -> None:
    """UNNEST with a number for each value: DuckDB's plan of its own words for this can't be read."""
    offset, alias = unnest.args.get("offset"), unnest.args.get("alias")
    about = unnest.parent
    if not offset or len(unnest.expressions) != 1 or not isinstance(about, exp.Join | exp.From | exp.Lateral):
        return
    whole: exp.Expr = unnest
    if isinstance(about, exp.Lateral):
        whole, alias = about, about.args.get("alias") or alias
    columns = list(alias.args.get("columns") or ()) if isinstance(alias, exp.TableAlias) else []
    number = offset.name if isinstance(offset, exp.Identifier) else columns.pop().name if len(columns) > 1 else "offset"
    value = columns[0].name if columns else "value"
    name = alias.name if isinstance(alias, exp.TableAlias) and alias.name else f"of_{value}"
    _beside(whole, unnest.expressions, "offset", (number,), ("numbers",), name)
    made = next((one for one in _laterals(about) if one.alias == name), None)
    select = made.this.this if made is not None else None
    if isinstance(select, exp.Select):
        unnested = exp.Explode(this=argument(unnest.expressions[0]))
        select.set("expressions", [exp.alias_(unnested, value, quoted=True), *select.expressions])


def _laterals(about: exp.Expr) -> list[exp.Lateral]:
    about = about.parent if isinstance(about, exp.Lateral) and about.parent is not None else about
    return list(about.find_all(exp.Lateral))


def _flattened(whole: exp.Expr, of: exp.Explode) -> None:
    """FLATTEN, with the columns that Snowflake gives it."""
    given = [one for one in (of.this, *of.expressions) if one is not None]
    named = [one.expression for one in given if isinstance(one, exp.Kwarg) and one.this.name.lower() == "input"]
    alias = whole.args.get("alias")
    columns = [one.name for one in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []
    names = [*columns, *_FLAT[len(columns) :]]
    kinds = [_KINDS.get(name, "list") for name in _FLAT]
    of_it = named or [one.expression if isinstance(one, exp.Kwarg) else one for one in given[:1]]
    _beside(whole, of_it, "flatten", names, kinds, alias.name if isinstance(alias, exp.TableAlias) else "flattened")


def _called(call: exp.Expr, word: str, given: Sequence[exp.Expr]) -> None:
    names, about = _MAKES[word], call.parent
    if isinstance(about, exp.Table | exp.Lateral | exp.TableFromRows):
        whole: exp.Expr = about.parent if isinstance(about.parent, exp.Lateral) else about
        alias = whole.args.get("alias")
        columns = [one.name for one in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []
        numbered = [*names, "ordinality"] if about.args.get("ordinality") or len(columns) > len(names) else names
        called = [*columns, *numbered[len(columns) :]]
        kinds = ["numbers" if one in {"seq", "index", "ordinality"} else "list" for one in numbered]
        _beside(whole, given, word, called, kinds)
    elif len(names) == 1:
        made = exp.Anonymous(this=f"{word}_as_list", expressions=[argument(one) for one in given])
        call.replace(exp.Explode(this=made))
