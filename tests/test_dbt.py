"""dbt projects as they are: two small ones in two dialects, compiled and only parsed, and manifests that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from balun.chain.change import read_change
from balun.chain.contract import Contract
from balun.chain.graph import Graph
from balun.chain.table import OpaqueTable, Table
from balun.check import Checked, check_graph
from balun.cli import balun
from balun.dbt import load_dbt
from balun.errors import ProjectError, UsageError
from balun.impact import impact
from dbt_manifest import dbt_project

Told = dict[str, Any]


@pytest.fixture(params=[True, False], ids=["compiled", "parsed"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Graph:
    return load_dbt(dbt_project("shop", tmp_path, compiled=request.param))


@pytest.fixture(params=[True, False], ids=["compiled", "parsed"])
def rides(request: pytest.FixtureRequest, tmp_path: Path) -> Graph:
    return load_dbt(dbt_project("rides", tmp_path, compiled=request.param))


def _columns(graph: Graph, event: str) -> dict[str, str]:
    contract = graph.nodes[f"event:{event}"].declared
    assert isinstance(contract, Contract)
    return {column.name.lower(): column.dtype for column in contract.columns}


def _verdicts(graph: Graph, phrase: str) -> dict[str, str]:
    return {effect.node.name: effect.verdict for effect in impact(graph, read_change(phrase)).effects}


# -- what becomes of a project


def test_snowflake_project_is_followed_whole(shop: Graph) -> None:
    checked = check_graph(shop)
    assert (checked.resolved, checked.unclear) == (checked.columns, ())
    assert {node.id for node in shop.of("table")} == {
        "table:stg_orders", "table:stg_payments", "table:stg_customers", "table:stg_clicks", "table:int_order_payments",
        "table:orders", "table:customers", "table:daily_clicks", "table:customers_history",
    }  # fmt: skip


def test_python_model_is_unknown_at_its_file_and_the_rest_is_followed(rides: Graph) -> None:
    checked = check_graph(rides)
    assert [(one.node, one.place.file) for one in checked.unclear] == [("table:forecast", "models/forecast.py")]
    assert checked.columns - checked.resolved == 2


def test_columns_of_a_source_are_told_from_their_use(shop: Graph) -> None:
    assert _columns(shop, "raw_orders") == {
        "id": "VARCHAR", "status": "VARCHAR", "user_id": "VARCHAR", "ordered_at": "TIMESTAMP", "address": "JSON",
    }  # fmt: skip
    assert _columns(shop, "raw_payments")["amount"] == "DOUBLE"


def test_columns_of_a_seed_are_those_of_its_file(shop: Graph) -> None:
    assert _columns(shop, "countries") == {"code": "VARCHAR", "name": "VARCHAR", "vat": "DOUBLE"}


def test_types_that_the_project_declares_are_kept(rides: Graph) -> None:
    columns = _columns(rides, "ops__trips")
    assert columns["started"] == "TIMESTAMP WITH TIME ZONE"
    assert columns["stops"] == 'STRUCT(station VARCHAR, "at" TIMESTAMP WITH TIME ZONE)[]'


def test_sources_of_one_name_are_told_apart(rides: Graph) -> None:
    assert {node.name for node in rides.of("event")} >= {"ops__trips", "legacy__trips", "stations", "zones"}


def test_owners_exposures_and_what_they_show(shop: Graph) -> None:
    assert shop.nodes["event:raw_payments"].owner == "payments"
    review = shop.nodes["surface:weekly_review"]
    assert (review.owner, review.parents) == ("finance", ("table:orders", "table:customers"))


def test_tests_of_a_project_are_its_promises(shop: Graph) -> None:
    contract, orders = shop.nodes["event:raw_orders"].declared, shop.nodes["table:orders"].declared
    assert isinstance(contract, Contract)
    assert isinstance(orders, Table)
    id_, status = contract.column("id"), contract.column("status")
    assert (id_.required, id_.unique, status.allowed) == (True, True, ("placed", "shipped", "returned"))
    assert orders.key == ("order_id",)


def test_snapshot_has_no_key_of_what_it_selects(tmp_path: Path) -> None:
    file = dbt_project("shop", tmp_path)
    told = json.loads(file.read_text(encoding="utf-8"))
    told["nodes"]["test.shop.unique"] = _test("unique", "source.shop.shop.raw_customers")
    told["nodes"]["test.shop.not_null"] = _test("not_null", "source.shop.shop.raw_customers")
    file.write_text(json.dumps(told), encoding="utf-8")
    findings = check_graph(load_dbt(file)).findings
    assert not any("customers_history" in finding.message for finding in findings)
    told["nodes"]["snapshot.shop.customers_history"]["columns"] = {"id": {"name": "id"}}
    for name in ("unique", "not_null"):
        told["nodes"][f"test.shop.{name}_history"] = _test(name, "snapshot.shop.customers_history")
    file.write_text(json.dumps(told), encoding="utf-8")
    findings = check_graph(load_dbt(file)).findings
    assert [one.rule for one in findings if "customers_history" in one.message] == ["declared-key-not-implied"]


def _test(name: str, of: str, column: str = "id", **config: object) -> Told:
    return {
        "resource_type": "test",
        "name": name,
        "test_metadata": {"name": name, "kwargs": {"column_name": column}},
        "column_name": column,
        "attached_node": of,
        "config": {"severity": "ERROR", **config},
    }


@pytest.mark.parametrize("config", [{"where": "id > 0"}, {"severity": "warn"}, {"enabled": False}])
def test_tests_that_may_fail_promise_nothing(tmp_path: Path, config: Told) -> None:
    file = dbt_project("shop", tmp_path)
    told = json.loads(file.read_text(encoding="utf-8"))
    told["nodes"]["test.shop.one"] = _test("not_null", "source.shop.tracker.raw_events", "user_id", **config)
    file.write_text(json.dumps(told), encoding="utf-8")
    contract = load_dbt(file).nodes["event:raw_events"].declared
    assert isinstance(contract, Contract)
    assert not contract.column("user_id").required


def test_catalog_says_which_columns_there_are(tmp_path: Path) -> None:
    file = dbt_project("shop", tmp_path)
    columns = {
        "ID": {"name": "ID", "type": "NUMBER", "index": 1},
        "EXTRA": {"name": "EXTRA", "type": "DATE", "index": 2},
    }
    catalog = {"nodes": {}, "sources": {"source.shop.shop.raw_payments": {"columns": columns}}}
    file.with_name("catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    found = _columns(load_dbt(file), "raw_payments")
    assert (found["id"], found["extra"]) == ("DECIMAL(38,0)", "DATE")


# -- findings and verdicts


def test_finding_stands_at_the_line_of_the_projects_own_file(shop: Graph) -> None:
    (finding,) = check_graph(shop).findings
    assert (finding.rule, str(finding.place)) == ("unseen-category", "models/marts/customers.sql:8")
    assert finding.owner == "analytics"


def test_finding_is_accepted_in_the_models_file(tmp_path: Path) -> None:
    file = dbt_project("shop", tmp_path)
    model = tmp_path / "shop" / "models" / "marts" / "customers.sql"
    lines = model.read_text(encoding="utf-8").splitlines()
    lines[7] += "  -- balun: accept unseen-category: a spelling of last year"
    model.write_text("\n".join(lines), encoding="utf-8")
    assert check_graph(load_dbt(file)).findings == ()


def test_dropped_column_breaks_what_reads_it(shop: Graph) -> None:
    assert _verdicts(shop, "drop raw_orders.status") == {
        "stg_orders": "breaks", "orders": "breaks", "customers": "breaks", "weekly_review": "breaks",
    }  # fmt: skip
    assert impact(shop, read_change("drop raw_orders.status")).agree == ("analytics", "finance")


def test_change_goes_through_functions_that_duckdb_does_not_have(shop: Graph) -> None:
    verdicts = _verdicts(shop, "recode raw_events.user_id 'a' to 'b'")
    assert verdicts == {"stg_clicks": "shifts", "daily_clicks": "shifts", "click_board": "shifts"}


def test_change_of_what_a_struct_is_made_of_reaches_its_fields(rides: Graph) -> None:
    assert _verdicts(rides, "drop stations.station_id")["zone_days"] == "breaks"
    assert _verdicts(rides, "recode stations.is_open 'a' to 'b'")["rider_app"] == "shifts"


def test_change_passes_through_a_model_that_is_not_understood(rides: Graph) -> None:
    verdicts = _verdicts(rides, "recode legacy__trips.ride 'a' to 'b'")
    assert (verdicts["forecast"], verdicts["zone_days"]) == ("shifts", "shifts")


def test_model_whose_sql_cannot_be_read_is_opaque_alone(tmp_path: Path) -> None:
    file = dbt_project("shop", tmp_path)
    told = json.loads(file.read_text(encoding="utf-8"))
    told["nodes"]["model.shop.stg_payments"]["compiled_code"] = "this is (no SQL"
    file.write_text(json.dumps(told), encoding="utf-8")
    graph = load_dbt(file)
    checked = check_graph(graph)
    assert [one.node for one in checked.unclear] == ["table:stg_payments"]
    assert isinstance(graph.nodes["table:stg_payments"].declared, OpaqueTable)


# -- the command


def test_command_takes_a_manifest_a_project_and_its_target(tmp_path: Path) -> None:
    file = dbt_project("shop", tmp_path)
    said = {CliRunner().invoke(balun, ["check", "--dbt", str(path)]).output for path in (file, *file.parents[:2])}
    (one,) = said
    assert "76 of 76 columns followed" in one


def test_command_says_what_a_change_does(tmp_path: Path) -> None:
    file = dbt_project("shop", tmp_path)
    done = CliRunner().invoke(balun, ["check", "--dbt", str(file), "--if", "drop raw_orders.status", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.output)["worst"] == "breaks"


# -- manifests that are none


def _manifest(**more: object) -> Told:
    node = {"resource_type": "model", "name": "a", "alias": "a", "schema": "s", "compiled_code": "select 1 as x"}
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v9.json",
            "adapter_type": "postgres",
        },
        "nodes": {"model.p.a": {**node, **more}},
    }


def _checked(told: object, folder: Path) -> Checked:
    file = folder / "manifest.json"
    file.write_text(told if isinstance(told, str) else json.dumps(told), encoding="utf-8")
    return check_graph(load_dbt(file))


@pytest.mark.parametrize(
    "told",
    [
        '{"metadata": {"adapter_ty',
        "",
        "[]",
        "null",
        {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"}, "nodes": {}},
        {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}},
        {"nodes": []},
        _manifest(name=None),
        "[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_refused_plainly(tmp_path: Path, told: object) -> None:
    with pytest.raises(ProjectError) as refused:
        _checked(told, tmp_path)
    assert {finding.rule for finding in refused.value.findings} == {"manifest-invalid"}


def test_models_in_a_circle_are_refused(tmp_path: Path) -> None:
    told = _manifest(compiled_code="select * from s.b")
    told["nodes"]["model.p.b"] = {**told["nodes"]["model.p.a"], "name": "b", "alias": "b"}
    told["nodes"]["model.p.b"]["compiled_code"] = "select * from s.a"
    with pytest.raises(ProjectError) as refused:
        _checked(told, tmp_path)
    assert [finding.rule for finding in refused.value.findings] == ["cycle"]


@pytest.mark.parametrize(
    "more",
    [
        {"compiled_code": None},
        {"compiled_code": "", "raw_code": ""},
        {"compiled_code": 3},
        {"compiled_code": "select"},
        {"compiled_code": "insert into x values (1)"},
        {"compiled_code": "select date_part(", "raw_code": "x"},
        {"compiled_code": "select 1; select 2"},
        {"compiled_code": "select * from"},
        {"compiled_code": None, "raw_code": "select {{ nothing.there() }}"},
        {"compiled_code": None, "raw_code": "select {% if %}"},
        {"compiled_code": None, "raw_code": "select * from {{ ref('gone') }}"},
        {"compiled_code": "select " + "(" * 3000 + "1" + ")" * 3000},
        {"columns": [], "config": 3, "meta": "x", "depends_on": None, "compiled_code": "selec"},
    ],
)
def test_model_that_cannot_be_read_is_unknown_with_its_reason(tmp_path: Path, more: Told) -> None:
    (one,) = _checked(_manifest(original_file_path="models/a.sql", **more), tmp_path).unclear
    assert (one.node, one.place.file) == ("table:a", "models/a.sql")
    assert one.reason


@pytest.mark.parametrize(
    "more",
    [
        {"compiled_code": "select null as x, 2 as x"},
        {"compiled_code": "select s.*, t.* from raw.s as s join raw.t as t on s.id = t.id and s.k = t.k"},
        {"compiled_code": "select * from nowhere"},
        {"compiled_code": 'select "a b", x."select" from nowhere x'},
        {"compiled_code": "with a as (select * from s.a) select x from a"},
        {"compiled_code": "select x from s.a where d > (select max(d) from s.a)"},
        {"columns": [], "config": 3, "meta": "x", "depends_on": None},
        {"alias": None, "schema": None, "database": 4},
    ],
)
def test_odd_model_is_followed(tmp_path: Path, more: Told) -> None:
    assert _checked(_manifest(**more), tmp_path).unclear == ()


def test_no_manifest_is_said_with_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dbt compile"):
        load_dbt(tmp_path)
    with pytest.raises(UsageError, match="there is no"):
        load_dbt(tmp_path / "gone")


def test_finding_in_a_file_that_is_not_there_stands(tmp_path: Path) -> None:
    file = dbt_project("shop", tmp_path)
    alone = tmp_path / "manifest.json"
    alone.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (finding,) = check_graph(load_dbt(alone)).findings
    assert str(finding.place) == "models/marts/customers.sql:8"


# -- what each warehouse says in its own words

_IDIOMS = sorted((Path(__file__).parent / "dbt" / "idioms").glob("*.sql"))


@pytest.mark.parametrize("file", _IDIOMS, ids=lambda file: file.stem)
def test_idioms_of_a_warehouse_are_followed_and_nothing_is_found_in_them(tmp_path: Path, file: Path) -> None:
    """The columns of what they read are nowhere declared."""
    told = _manifest()
    told["metadata"]["adapter_type"] = file.stem
    (node,) = told["nodes"].values()
    told["nodes"] = {
        f"model.p.m{at}": {**node, "name": f"m{at}", "alias": f"m{at}", "compiled_code": sql}
        for at, sql in enumerate(file.read_text(encoding="utf-8").split(";\n")[:-1])
    }
    checked = _checked(told, tmp_path)
    assert (checked.unclear, checked.findings) == ((), ())


# -- what is only parsed

_MACROS = {
    "cents": "{% macro cents(column) -%} {{ column }} / 100.0 {%- endmacro %}",
    "_listed": "{% macro _listed() %}{{ return(['x', 'y']) }}{% endmacro %}",
    "default__days": "{% macro default__days(a, b) %} date_diff('day', {{ a }}, {{ b }}) {% endmacro %}",
    "postgres__days": "{% macro postgres__days(a, b) %} ({{ b }}::date - {{ a }}::date) {% endmacro %}",
    "days": "{% macro days(a, b) %}{{ return(adapter.dispatch('days', 'p')(a, b)) }}{% endmacro %}",
    "asked": "{% macro asked() %}{% set r = run_query('select 1') %}"
    "{{ return(r.columns[0].values() if execute else []) }}{% endmacro %}",
}


def test_macros_of_the_project_are_rendered(tmp_path: Path) -> None:
    told = _manifest(
        compiled_code=None,
        package_name="p",
        raw_code="select {{ cents('amount') }} as amount, {{ days('a', 'b') }} as days, "
        "{% for c in _listed() %}{{ c }} as {{ c }}_{{ loop.index }}, {% endfor %}"
        "{% for v in asked() %}{{ v }}, {% endfor %} {{ var('more', 1) }} as more from {{ this }}_raw "
        "{% if is_incremental() %} where x > (select max(x) from {{ this }}) {% endif %}".replace(
            "{{ this }}_raw", "raw"
        ),
    )
    told["metadata"]["project_name"] = "p"
    told["macros"] = {
        f"macro.p.{name}": {"name": name, "package_name": "p", "macro_sql": code} for name, code in _MACROS.items()
    }
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    graph = load_dbt(file)
    assert check_graph(graph).unclear == ()
    table = graph.nodes["table:a"].declared
    assert isinstance(table, Table)
    assert "CAST(b AS DATE) - CAST(a AS DATE)" in " ".join(table.sql.split())
    assert _columns(graph, "raw") == {
        "amount": "DOUBLE",
        "a": "VARCHAR",
        "b": "VARCHAR",
        "x": "VARCHAR",
        "y": "VARCHAR",
    }


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("select {{ var('gone') }} as x", "var gone has no value"),
        ("select '{{ env_var('HOME') }}' as x", "environment variable HOME"),
        ("select {{ ''.__class__.__mro__ }} as x", "can't be rendered"),
        ("select {{ exceptions.raise_compiler_error('no such warehouse') }} as x", "no such warehouse"),
        ("{% macro again() %}{{ again() }}{% endmacro %}select {{ again() }}", "too deep"),
    ],
)
def test_what_cannot_be_rendered_says_why(tmp_path: Path, code: str, reason: str) -> None:
    (one,) = _checked(_manifest(compiled_code=None, raw_code=code), tmp_path).unclear
    assert reason in one.reason


def test_guessed_type_says_nothing_of_steps_and_zones(tmp_path: Path) -> None:
    other = "select cast(x as date) as d, cast(n as decimal(9, 2)) as n from raw.u"
    told = _manifest(
        compiled_code=f"select t.* from raw.t join ({other}) u on t.d = u.d and t.n = u.n "
        "where t.at < now() and t.k > 3 and t.k <> 0.5"
    )
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    assert _columns(load_dbt(file), "t") == {"d": "TIMESTAMP", "n": "DOUBLE", "at": "TIMESTAMP", "k": "DOUBLE"}


def test_refusal_stands_at_the_line_of_the_projects_own_file(tmp_path: Path) -> None:
    raw = "{{ config() }}\nselect\n    x,\n    y\nfrom (select 1 as x) as q"
    compiled = raw.split("\n", 1)[1]
    (one,) = _checked(_manifest(raw_code=raw, compiled_code=compiled, original_file_path="m.sql"), tmp_path).unclear
    assert str(one.place) == "m.sql:4"


def test_files_outside_the_project_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("hidden,other\n1,2\n", encoding="utf-8")
    file = dbt_project("shop", tmp_path)
    told = json.loads(file.read_text(encoding="utf-8"))
    told["nodes"]["seed.shop.countries"]["original_file_path"] = "../secret.csv"
    file.write_text(json.dumps(told), encoding="utf-8")
    assert "hidden" not in _columns(load_dbt(file), "countries")
