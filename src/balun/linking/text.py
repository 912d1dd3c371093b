"""Long text as vectors: character TF-IDF, the nearest of each, and the cosine of a pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from balun.linking.records import Records

NEAREST = 5
_PRODUCTS = 20_000_000  # at once
_COMMON = 200  # a gram in more rows than this finds nobody
_FAR = 0.1  # cosine of two that aren't near, whoever else is there
_GRAMS = (2, 4)
_AT_ONCE = 50_000


@dataclass
class Vectors:
    """One row a record, by `rid`, of length 1; a record without the text has a row of zeros.

    known: cosines by `left · records + right`, sorted: each level of a comparison asks for the same ones again.
    """

    matrix: Any
    pairs: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    known: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.float64))

    def learn(self, left: np.ndarray, right: np.ndarray) -> None:
        """Keep the cosines of these pairs."""
        keys = np.unique(left * self.matrix.shape[0] + right)
        found = [
            self._cosine(*np.divmod(some, self.matrix.shape[0]))
            for some in np.array_split(keys, len(keys) // _AT_ONCE + 1)
        ]
        self.pairs, self.known = keys, np.concatenate(found)

    def cosine(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        keys = left * self.matrix.shape[0] + right
        at = np.minimum(np.searchsorted(self.pairs, keys), len(self.pairs) - 1)
        if len(self.pairs) and bool(np.all(self.pairs[at] == keys)):
            return np.asarray(self.known[at])
        return self._cosine(left, right)

    def _cosine(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        found = np.asarray(self.matrix[left].multiply(self.matrix[right]).sum(axis=1), dtype=np.float64).ravel()
        return np.round(found, 6)


def vectors(records: Records, column: str) -> Vectors:
    """column: SQL over `records`."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = records.connection.execute(f"SELECT coalesce({column}, '') FROM records ORDER BY rid").fetchall()
    words = TfidfVectorizer(analyzer="char_wb", ngram_range=_GRAMS, sublinear_tf=True, dtype=np.float32)
    try:
        return Vectors(words.fit_transform([text for (text,) in texts]).tocsr())
    except ValueError:  # not a letter in all of it
        from scipy.sparse import csr_matrix

        return Vectors(csr_matrix((len(texts), 1), dtype=np.float32))


def teach(connection: DuckDBPyConnection, column: str, known: Vectors) -> None:
    """Give SQL the function `cosine_COLUMN(rid, rid)`."""
    from duckdb.func import PythonUDFType

    connection.create_function(
        f"cosine_{column}",
        lambda left, right: _cosines(known, left, right),  # DuckDB evaluates annotations, and these are for types alone
        ["BIGINT", "BIGINT"],
        "DOUBLE",
        type=PythonUDFType.ARROW,
    )


def _cosines(known: Vectors, left: pa.ChunkedArray, right: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    return pa.array(known.cosine(left.to_numpy(), right.to_numpy()))


def nearest(records: Records, known: Vectors, many: int = NEAREST) -> pa.Table:
    """The nearest of each record by cosine, on the other side or among the same: `rid_l < rid_r`, each pair once."""
    import pyarrow as pa

    grams = _telling(known.matrix)
    first = records.rows[0]
    if records.two:
        found = [_top(grams[:first], grams[first:], many, 0, first), _top(grams[first:], grams[:first], many, first, 0)]
    else:
        found = [_top(grams, grams, many + 1, 0, 0)]
    pairs = np.concatenate(found)
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    pairs = np.unique(pairs, axis=0)
    return pa.table({"rid_l": pairs[:, 0], "rid_r": pairs[:, 1]})


def _telling(matrix: Any) -> Any:
    """Without grams that are in so many rows that they find nobody, and cost the most."""
    seen = np.diff(matrix.tocsc().indptr)
    return matrix[:, np.flatnonzero((seen > 1) & (seen <= _COMMON))].tocsr()


def _top(left: Any, right: Any, many: int, left_at: int, right_at: int) -> np.ndarray:
    turned = right.T.tocsr()
    found = []
    for start, end in _parts((left != 0).astype(np.int64) @ np.diff(turned.indptr)):
        product = (left[start:end] @ turned).tocsr()
        found.append(_largest(product, many, left_at + start, right_at))
    return np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)


def _parts(cost: np.ndarray) -> list[tuple[int, int]]:
    """Rows from and to, so that each part costs about as much as is held at once."""
    so_far = np.cumsum(cost)
    steps = np.searchsorted(so_far, np.arange(_PRODUCTS, so_far[-1], _PRODUCTS)) if len(cost) else ()
    bounds = sorted({0, len(cost), *map(int, steps)})
    return list(pairwise(bounds))


def _largest(product: Any, many: int, left_at: int, right_at: int) -> np.ndarray:
    """The `many` largest of each row; of equal ones the first."""
    product.data[product.data < _FAR] = 0
    product.eliminate_zeros()
    sizes = np.diff(product.indptr)
    rows = np.repeat(np.arange(product.shape[0], dtype=np.int64), sizes)
    order = np.lexsort((product.indices, -np.round(product.data, 5), rows))
    ranks = np.arange(len(rows)) - np.repeat(product.indptr[:-1], sizes)
    kept = order[ranks < many]
    return np.column_stack([rows[kept] + left_at, product.indices[kept].astype(np.int64) + right_at])
