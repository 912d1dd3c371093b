"""A Postgres table as a Parquet file, read by ADBC in one transaction. It needs `balun[postgres]`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlencode

import pyarrow as pa
import pyarrow.parquet as pq

from balun.chain.contract import Contract, Postgres
from balun.errors import ProjectError
from balun.quoting import quoted


def fetch(contract: Contract, source: Postgres, target: Path) -> str:
    """Writes the table's rows to `target`, in the order of the contract's key, and returns their source's name.

    Without a key, in the order in which Postgres gives them.
    Raises ProjectError where the extra or the server is missing, or it lets no one read the table.
    """
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError as exc:
        raise _error(
            contract, source, "package-missing", "reading Postgres needs an extra", "pip install 'balun[postgres]'"
        ) from exc
    table = f"{quoted(source.schema)}.{quoted(source.table)}"
    order = f" ORDER BY {', '.join(quoted(name) for name in contract.key)}" if contract.key else ""
    try:
        with dbapi.connect(_uri(source)) as connection, connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute(f"SELECT * FROM {table} LIMIT 0")
            columns = cursor.fetch_arrow_table().schema
            known = order if {*columns.names}.issuperset(contract.key) else ""
            cursor.execute(f"SELECT {', '.join(map(_asked, columns)) or '*'} FROM {table}{known}")
            reader = cursor.fetch_record_batch()
            with pq.ParquetWriter(target, _plain(reader.schema), compression="lz4") as out:
                for batch in reader:
                    out.write_batch(pa.record_batch(batch.columns, schema=_plain(reader.schema)))
    except Error as exc:
        first = str(exc).splitlines()[0]
        raise _error(
            contract,
            source,
            "server-unreadable",
            f"can't read {source.schema}.{source.table} of {source.database} on {source.host}:{source.port}: {first}",
            "start the server, mend the contract's server, or set PGPASSWORD or ~/.pgpass",
        ) from exc
    return f"{source.host}/{source.database}/{source.schema}.{source.table}"


def _asked(column: pa.Field) -> str:
    """A column as it is, or as text where the driver would give the bytes of Postgres' own form, or cents for money."""
    name, kind = quoted(column.name), (column.metadata or {}).get(b"POSTGRESQL:type")
    if kind == b"money":
        return f"{name}::numeric::text AS {name}"
    is_text = pa.types.is_string(getattr(column.type, "storage_type", None) or pa.string())
    return name if is_text and kind not in {b"interval", b"oid"} else f"{name}::text AS {name}"


def _plain(schema: pa.Schema) -> pa.Schema:
    """Without the driver's notes, and NUMERIC, which comes as text, as text."""
    return pa.schema([pa.field(one.name, getattr(one.type, "storage_type", one.type)) for one in schema])


def _uri(source: Postgres) -> str:
    user = f"{quote(source.user, safe='')}@" if source.user else ""
    database = quote(source.database, safe="")
    if source.host.startswith("/"):
        # A folder that holds the server's socket.
        return f"postgresql://{user}/{database}?{urlencode({'host': source.host, 'port': source.port})}"
    return f"postgresql://{user}{source.host}:{source.port}/{database}?connect_timeout=10"


def _error(contract: Contract, source: Postgres, rule: str, message: str, mend: str) -> ProjectError:
    return ProjectError.at(rule, source.place, message, mend=mend, owner=contract.owner)
