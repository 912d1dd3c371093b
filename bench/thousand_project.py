"""A project of many SQL tables, the same for the same seed: for Balun, and the same tables for dbt and SQLMesh."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_ENTITIES = ("user_id", "order_id", "item_id", "session_id", "store_id", "campaign_id", "device_id", "courier_id")
_SUBJECTS = (
    "click", "view", "search", "order", "refund", "payment", "ship", "visit", "rating", "login", "invoice", "coupon",
)  # fmt: skip
_PLACES = ("web", "app", "shop", "mail", "desk")
_ENUMS = {
    "status": ("open", "paid", "sent", "done", "void"),
    "channel": ("web", "app", "mail", "phone"),
    "country": ("DE", "FR", "GB", "US", "IT", "ES"),
    "tier": ("free", "basic", "plus"),
    "platform": ("ios", "android", "desktop"),
}
_NUMBERS = {
    "amount": ("EUR", 0, 10_000), "distance": ("km", 0, 500), "duration": ("second", 0, 86_400),
    "weight": ("kg", 1, 900), "price": ("EUR", 1, 2_000), "wait": ("minute", 0, 600),
}  # fmt: skip
_COUNTS = ("quantity", "pages", "retries", "stops")
_TIMES = ("updated_at", "received_at")
_OWNERS = ("checkout", "growth", "logistics", "search-team", "data-platform")
_WIDEST = 25
_SQL = {"id": "BIGINT", "enum": "VARCHAR", "number": "DOUBLE", "count": "BIGINT", "time": "TIMESTAMPTZ", "day": "DATE",
        "flag": "BOOLEAN", "text": "VARCHAR"}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """kind: `id`, `enum`, `number`, `count`, `time`, `day`, `flag` or `text`. what: of an enum or a number, which."""

    name: str
    kind: str
    what: str = ""


@dataclass(frozen=True)
class Relation:
    """sql: None for an event; `{{name}}` stands where it reads another."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    at: str | None = None
    owner: str = "data-platform"
    sql: str | None = None
    layer: int = 0

    def of(self, *kinds: str) -> list[Column]:
        return [one for one in self.columns if one.kind in kinds]


@dataclass(frozen=True)
class Project:
    """events: by contract file. tables: parents before children."""

    events: tuple[tuple[str, tuple[Relation, ...]], ...]
    tables: tuple[Relation, ...]

    @property
    def sources(self) -> tuple[Relation, ...]:
        return tuple(event for _, events in self.events for event in events)


def generate(tables: int = 1_000, events: int = 60, layers: int = 8, seed: int = 7) -> Project:
    """`layers` deep; each table reads tables of layers above its own, most often of the one right above."""
    chance = random.Random(seed)
    captured = [_event(number, chance) for number in range(events)]
    made: list[Relation] = []
    by_layer: list[list[Relation]] = [captured]
    for layer in range(1, layers + 1):
        share = tables * layer // layers - tables * (layer - 1) // layers
        here = [_table(len(made) + at, layer, by_layer, chance) for at in range(share)]
        made += here
        by_layer.append(here)
    files = [(f"domain_{at // 5:02}", tuple(captured[at : at + 5])) for at in range(0, events, 5)]
    return Project(tuple(files), tuple(made))


# -- events


def _event(number: int, chance: random.Random) -> Relation:
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    name = f"{_PLACES[number // len(_SUBJECTS) % len(_PLACES)]}_{subject}"
    name = name if number < len(_SUBJECTS) * len(_PLACES) else f"{name}_{number}"
    columns = [Column("event_id", "id"), Column("occurred_at", "time")]
    columns += [Column(one, "id") for one in chance.sample(_ENTITIES, 4)]
    columns += [Column(one, "enum", one) for one in chance.sample(list(_ENUMS), 3)]
    columns += [Column(one, "number", one) for one in chance.sample(list(_NUMBERS), 4)]
    columns += [Column(one, "count") for one in chance.sample(_COUNTS, 2)]
    columns += [Column(one, "time") for one in chance.sample(_TIMES, chance.randint(0, 2))]
    columns += [Column("is_test", "flag"), Column("note", "text")]
    return Relation(name, tuple(columns), ("event_id",), "occurred_at", _OWNERS[number % len(_OWNERS)])


# -- tables


def _table(number: int, layer: int, above: Sequence[Sequence[Relation]], chance: random.Random) -> Relation:
    makers = _FIRST if layer == 1 else _MAKERS
    while True:
        make = chance.choice(makers)
        found = make(_parent(above, chance), above, chance)
        if found is not None:
            name = f"{make.__name__.strip('_')}_{number:04}"
            owner = chance.choice(_OWNERS)
            return replace(found, name=name, owner=owner, layer=layer)


def _parent(above: Sequence[Sequence[Relation]], chance: random.Random) -> Relation:
    return chance.choice(above[-1] if chance.random() < 0.8 else chance.choice(above))


def _listed(lines: Iterable[str]) -> str:
    return ",\n".join(f"  {line}" for line in lines)


def _kept(of: Relation, chance: random.Random, most: int = 18) -> list[Column]:
    must = [one for one in of.columns if one.name in (*of.key, of.at)]
    rest = [one for one in of.columns if one not in must]
    chosen = {*chance.sample(rest, min(len(rest), chance.randint(8, most)))}
    return [one for one in of.columns if one in must or one in chosen]


def _clean(of: Relation, _: Sequence[Sequence[Relation]], chance: random.Random) -> Relation | None:
    lines, columns = [], []
    for one in _kept(of, chance):
        columns.append(one)
        if one.kind == "number" and chance.random() < 0.4:
            lines.append(f"coalesce(s.{one.name}, 0) AS {one.name}")
        elif one.kind == "text":
            lines.append(f"lower(trim(s.{one.name})) AS {one.name}")
        elif one.kind == "enum" and chance.random() < 0.3:
            lines.append(f"CASE WHEN s.{one.name} = '{_ENUMS[one.what][0]}' THEN 'first' ELSE 'other' END AS {one.name}_group")  # fmt: skip # noqa: E501
            columns[-1] = Column(f"{one.name}_group", "text")
        else:
            lines.append(f"s.{one.name}")
    if of.at and not any(one.name == f"{of.at}_day" for one in columns):
        lines.append(f"date_trunc('day', s.{of.at})::DATE AS {of.at}_day")
        columns.append(Column(f"{of.at}_day", "day"))
    tests = [f"{one.name} IS NOT NULL" for one in of.of("number")[:1]] + [f"NOT s.{o.name}" for o in of.of("flag")[:1]]
    where = f"\nWHERE {' AND '.join(tests)}" if tests else ""
    sql = f"SELECT\n{_listed(lines)}\nFROM {{{{{of.name}}}}} AS s{where}"
    return _short(Relation("", tuple(columns), of.key, of.at, sql=sql))


def _all(of: Relation, _: Sequence[Sequence[Relation]], chance: random.Random) -> Relation | None:
    numbers = of.of("number")
    if not numbers or len(of.columns) > 22:
        return None
    name = f"{chance.choice(numbers).name}_scaled"
    if any(one.name == name for one in of.columns):
        return None
    source = name.removesuffix("_scaled")
    sql = f"SELECT *, {source} / 1000 AS {name}\nFROM {{{{{of.name}}}}}\nWHERE {source} > 0"
    return Relation("", (*of.columns, Column(name, "number")), of.key, of.at, sql=sql)


def _grouped(of: Relation, _: Sequence[Sequence[Relation]], chance: random.Random) -> Relation | None:
    ids, numbers, counts, enums = of.of("id"), of.of("number"), of.of("count"), of.of("enum")
    by = [one for one in ids if one.name in _ENTITIES]
    if not by or not numbers:
        return None
    key = chance.choice(by)
    columns = [key, Column("rows_seen", "count")]
    lines = [f"s.{key.name}", "count(*) AS rows_seen"]
    for one in numbers[:5]:
        short = one.name[:24]
        for how in chance.sample(("sum", "avg", "max", "min"), 2):
            lines.append(f"{how}(s.{one.name}) AS {how}_{short}")
            columns.append(Column(f"{how}_{short}", "number"))
    for one in counts[:3]:
        lines.append(f"sum(s.{one.name})::BIGINT AS total_{one.name[:24]}")
        columns.append(Column(f"total_{one.name[:24]}", "count"))
    for one in enums[:2]:
        value = _ENUMS[one.what][1]
        lines.append(f"count(*) FILTER (WHERE s.{one.name} = '{value}') AS {one.name}_{value.lower()}")
        columns.append(Column(f"{one.name}_{value.lower()}", "count"))
    for one in of.of("time")[:2]:
        lines.append(f"max(s.{one.name}) AS last_{one.name[:24]}")
        columns.append(Column(f"last_{one.name[:24]}", "time"))
    at = next((one.name for one in columns if one.kind == "time"), None)
    having = "\nHAVING count(*) > 1" if chance.random() < 0.3 else ""
    sql = f"SELECT\n{_listed(lines)}\nFROM {{{{{of.name}}}}} AS s\nWHERE s.{key.name} IS NOT NULL\nGROUP BY s.{key.name}{having}"  # fmt: skip # noqa: E501
    return _short(Relation("", tuple(columns), (key.name,), at, sql=sql))


def _short(of: Relation) -> Relation | None:
    names = [one.name for one in of.columns]
    return of if len(set(names)) == len(names) and len(names) <= _WIDEST else None


def _joined(of: Relation, above: Sequence[Sequence[Relation]], chance: random.Random) -> Relation | None:
    others = [one for layer in above[1:] for one in layer if len(one.key) == 1 and one.key[0] in _ENTITIES]
    ids = {one.name for one in of.of("id")}
    others = [one for one in others if one.key[0] in ids and one.name != of.name]
    if not others or not of.key:
        return None
    other = chance.choice(others)
    own = _kept(of, chance, 10)
    own_names = {one.name for one in own}
    taken = [one for one in other.columns if one.name not in own_names and one.name not in other.key][:8]
    if other.key[0] not in own_names or not taken:
        return None
    lines = [f"l.{one.name}" for one in own] + [f"r.{one.name}" for one in taken]
    columns = [*own, *taken]
    numbers = [one for one in own if one.kind == "number"]
    if numbers:
        lines.append(f"CASE WHEN r.{other.key[0]} IS NULL THEN 0 ELSE l.{numbers[0].name} END AS matched_{numbers[0].name[:20]}")  # fmt: skip # noqa: E501
        columns.append(Column(f"matched_{numbers[0].name[:20]}", "number"))
    kind = chance.choice(("LEFT JOIN", "LEFT JOIN", "JOIN"))
    sql = (
        f"SELECT\n{_listed(lines)}\nFROM {{{{{of.name}}}}} AS l\n"
        f"{kind} {{{{{other.name}}}}} AS r ON l.{other.key[0]} = r.{other.key[0]}"
    )
    return _short(Relation("", tuple(columns), of.key, of.at, sql=sql))


def _latest(of: Relation, _: Sequence[Sequence[Relation]], chance: random.Random) -> Relation | None:
    by = [one for one in of.of("id") if one.name in _ENTITIES]
    if not by or of.at is None or not of.key:
        return None
    key = chance.choice(by)
    own = [one for one in _kept(of, chance) if one != key]
    lines = [f"s.{key.name}", *(f"s.{one.name}" for one in own)]
    rank = f"row_number() OVER (PARTITION BY s.{key.name} ORDER BY s.{of.at} DESC, s.{of.key[0]})"
    sql = f"SELECT\n{_listed(lines)}\nFROM {{{{{of.name}}}}} AS s\nWHERE s.{key.name} IS NOT NULL\nQUALIFY {rank} = 1"
    return _short(Relation("", (key, *own), (key.name,), of.at, sql=sql))


def _running(of: Relation, _: Sequence[Sequence[Relation]], chance: random.Random) -> Relation | None:
    ids, numbers = [one for one in of.of("id") if one.name not in of.key], of.of("number")
    if not ids or not numbers or of.at is None:
        return None
    own = _kept(of, chance, 12)
    by, what = chance.choice(ids).name, chance.choice(numbers).name
    over = f"OVER (PARTITION BY s.{by} ORDER BY s.{of.at})"
    new = [(f"lag(s.{what}) {over}", Column(f"prev_{what[:20]}", "number")),
           (f"sum(s.{what}) {over}", Column(f"run_{what[:20]}", "number")),
           (f"count(*) OVER (PARTITION BY s.{by})", Column(f"{by[:-3]}_rows", "count"))]  # fmt: skip
    new = [one for one in new if one[1].name not in {column.name for column in own}]
    lines = [f"s.{one.name}" for one in own] + [f"{sql} AS {column.name}" for sql, column in new]
    sql = f"SELECT\n{_listed(lines)}\nFROM {{{{{of.name}}}}} AS s"
    return _short(Relation("", (*own, *(column for _, column in new)), of.key, of.at, sql=sql))


def _stacked(of: Relation, above: Sequence[Sequence[Relation]], chance: random.Random) -> Relation | None:
    def shared(other: Relation) -> list[Column]:
        return [one for one in of.columns if one in other.columns]

    others = [one for layer in above[-2:] for one in layer if one.name != of.name and len(shared(one)) >= 8]
    if not others:
        return None
    other = chance.choice(others)
    columns = shared(other)[:20]
    lines = [one.name for one in columns]
    branches = [f"SELECT\n{_listed([*lines, f'{chr(39)}{one.name}{chr(39)} AS branch'])}\nFROM {{{{{one.name}}}}}" for one in (of, other)]  # fmt: skip # noqa: E501
    at = of.at if of.at in lines else None
    if any(one.name == "branch" for one in columns):
        return None
    return _short(Relation("", (*columns, Column("branch", "text")), (), at, sql="\nUNION ALL\n".join(branches)))


def _steps(of: Relation, _: Sequence[Sequence[Relation]], chance: random.Random) -> Relation | None:
    ids, numbers = [one for one in of.of("id") if one.name in _ENTITIES], of.of("number")
    if not ids or not numbers or not of.key:
        return None
    key, what, own = chance.choice(ids).name, numbers[0].name, _kept(of, chance, 10)
    if any(one.name in {"total", "share", "size_class", "members"} for one in own):
        return None
    own = own if any(one.name == key for one in own) else [*own, next(one for one in ids if one.name == key)]
    own = own if any(one.name == what for one in own) else [*own, numbers[0]]
    names = _listed(f"  b.{one.name}" for one in own)
    sql = f"""WITH base AS (
  SELECT * FROM {{{{{of.name}}}}} WHERE {key} IS NOT NULL
), totals AS (
  SELECT {key}, sum({what}) AS total, count(*) AS members
  FROM base
  GROUP BY {key}
)
SELECT
{names},
    t.total,
    t.members,
    b.{what} / nullif(t.total, 0) AS share,
    CASE WHEN t.members > 10 THEN 'many' WHEN t.members > 1 THEN 'some' ELSE 'one' END AS size_class
FROM base AS b
JOIN totals AS t ON b.{key} = t.{key}"""
    more = (Column("total", "number"), Column("members", "count"), Column("share", "number"), Column("size_class", "text"))  # fmt: skip # noqa: E501
    return _short(Relation("", (*own, *more), of.key, of.at, sql=sql))


def _recent(of: Relation, _: Sequence[Sequence[Relation]], __: random.Random) -> Relation | None:
    if of.at is None:
        return None
    enums = of.of("enum")
    test = f"\n  AND {enums[0].name} IN ('{_ENUMS[enums[0].what][0]}', '{_ENUMS[enums[0].what][2]}')" if enums else ""
    sql = f"SELECT *\nFROM {{{{{of.name}}}}}\nWHERE {of.at} >= TIMESTAMPTZ '2024-01-01 00:00:00+00'{test}"
    return Relation("", of.columns, of.key, of.at, sql=sql)


_Maker = Callable[[Relation, Sequence[Sequence[Relation]], random.Random], "Relation | None"]
_FIRST: tuple[_Maker, ...] = (_clean, _clean, _all, _recent, _grouped, _latest)
_MAKERS: tuple[_Maker, ...] = (_clean, _clean, _all, _recent, _grouped, _grouped, _latest, _joined, _joined, _joined,
                               _running, _stacked, _steps, _steps)  # fmt: skip


# -- as files


def _reading(sql: str, named: Callable[[str], str]) -> str:
    parts = sql.split("{{")
    return parts[0] + "".join(named(name) + rest for name, rest in (part.split("}}", 1) for part in parts[1:]))


def write_balun(project: Project, folder: Path, corpora: int = 10) -> None:
    _put(folder / "balun.toml", 'name = "thousand"\n')
    for file, events in project.events:
        _put(folder / "contracts" / f"{file}.odcs.yaml", _contract(file, events))
    for table in project.tables:
        _put(folder / "tables" / f"layer_{table.layer}" / f"{table.name}.sql", _front(table) + _sql(table, str) + "\n")
    _put(folder / "features.py", _features(project, corpora))


def _put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _sql(table: Relation, named: Callable[[str], str]) -> str:
    assert table.sql is not None
    return _reading(table.sql, named)


def _front(table: Relation) -> str:
    lines = [f"owner: {table.owner}"]
    lines += [f"key: [{', '.join(table.key)}]"] if table.key and table.layer <= 2 else []
    lines += [f"at: {table.at}"] if table.at else []
    return "/* " + "\n   ".join(lines) + " */\n"


def _contract(file: str, events: Sequence[Relation]) -> str:
    lines = [
        "apiVersion: v3.1.0", "kind: DataContract", f"id: urn:thousand:{file}", f"name: {file}", "version: 1.0.0",
        "status: active", "team:", f"  name: {events[0].owner}", "servers:", "  - server: lake", "    type: local",
        "    path: data/{model}.parquet", "    format: parquet", "schema:",
    ]  # fmt: skip
    for event in events:
        available = "occurred_at + INTERVAL 5 MINUTE"
        lines += [f"  - name: {event.name}", "    logicalType: object", "    customProperties:"]
        lines += [f"      - {{property: available, value: {available}}}", "    properties:"]
        for column in event.columns:
            lines += _property(column)
    return "\n".join([*lines, ""])


def _property(column: Column) -> list[str]:
    logical = {"id": "integer", "count": "integer", "number": "number", "time": "timestamp", "flag": "boolean"}
    lines = [f"      - name: {column.name}", f"        logicalType: {logical.get(column.kind, 'string')}"]
    if column.kind not in {"text", "number"}:
        lines.append("        required: true")
    match column.kind:
        case "id" if column.name == "event_id":
            lines += ["        primaryKey: true", "        primaryKeyPosition: 1"]
        case "number":
            unit, low, high = _NUMBERS[column.what]
            lines += [f"        logicalTypeOptions: {{minimum: {low}, maximum: {high}}}", "        customProperties:",
                      f"          - {{property: unit, value: {unit}}}"]  # fmt: skip
        case "time":
            lines += ["        customProperties:", "          - {property: resolution, value: 1 s}"]
        case "enum":
            values = ", ".join(_ENUMS[column.what])
            lines += ["        quality:", "          - metric: invalidValues",
                      f"            arguments: {{validValues: [{values}]}}", "            mustBe: 0"]  # fmt: skip
    return lines


def _features(project: Project, corpora: int) -> str:
    """Corpora over events, each with features, a model and a surface."""
    lines = ["from sklearn.linear_model import LogisticRegression", "", "import balun as bl", ""]
    for at, event in enumerate(project.sources[:corpora]):
        other = project.sources[at + corpora]
        by = next((one.name for one in event.of("id") if any(one.name == it.name for it in other.of("id")[1:])), None)
        by = by if by != "event_id" else None
        number = other.of("number")[0].name
        key = by or next(one.name for one in event.of("id")[1:])
        source = other if by else event
        number = source.of("number")[0].name
        label, kept = event.of("number")[0].name, event.of("number")[1].name
        examples = (
            f"SELECT event_id, {key}, {kept}, occurred_at, occurred_at + INTERVAL 10 MINUTE AS at, "
            f"occurred_at + INTERVAL 1 DAY AS later, {label} > 10 AS high FROM {event.name}"
        )
        of = f'"{source.name}", by="{key}", at="occurred_at"'
        lines += [
            f'past_{at} = bl.aggregate({of}, over=["1h", "7d"], mean=bl.mean("{number}"), seen=bl.count())',
            f'newest_{at} = bl.latest({of}, max_age="30d", columns=["{number}"])',
            f'corpus_{at} = bl.corpus("corpus_{at}", owner="ml", label="high", label_available="later",',
            f'    examples="{examples}", entity=["event_id"], features=[past_{at}, newest_{at}])',
            f'model_{at} = bl.model("model_{at}", corpus=corpus_{at}, owner="ml", estimator=LogisticRegression(),',
            '    metric="roc_auc", split=bl.by_time(test="30d"))',
            f'surface_{at} = bl.surface("surface {at}", uses=model_{at}, owner="app")',
            "",
        ]
    return "\n".join(lines)
