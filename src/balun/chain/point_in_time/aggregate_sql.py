"""An aggregate that a user wrote in SQL, narrowed to some of the rows it is given and to one order of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer

from balun.chain.point_in_time.function import aggregates

_NO_ORDER = frozenset({"count", "min", "max", "bool_and", "bool_or", "bit_and", "bit_or", "bit_xor"})


def narrowed(sql: str, condition: str, order: str) -> str:
    """The text with each aggregate over the rows for which `condition` holds, taken in the order of `order`.

    The text is edited, not written anew, so that it means what DuckDB reads in it. An order of the user's own stays
    and ours breaks its ties; DISTINCT takes its values in their own order.

    >>> narrowed("sum(a) / count(*) FILTER (b)", "visible", "n")
    'sum(a ORDER BY n) FILTER (WHERE visible) / count(*) FILTER (WHERE visible AND (b))'
    >>> narrowed("list(DISTINCT a)", "visible", "n")
    'list(DISTINCT a ORDER BY a) FILTER (WHERE visible)'
    """
    tokens = Tokenizer(dialect="duckdb").tokenize(sql)
    edits: list[tuple[int, int, str]] = []  # from, to, what stands there instead
    for at, token in enumerate(tokens[:-1]):
        if token.text.lower() in aggregates() and tokens[at + 1].token_type is TokenType.L_PAREN:
            edits.extend(_edits(sql, tokens, at, condition, order))
    for begin, end, text in sorted(edits, reverse=True):
        sql = sql[:begin] + text + sql[end:]
    return sql


def _edits(sql: str, tokens: Sequence[Token], at: int, condition: str, order: str) -> list[tuple[int, int, str]]:
    opened = at + 1
    closed = _closing(tokens, opened)
    after, within = closed + 1, _is(tokens, closed + 1, "WITHIN")
    edits = []
    if within:
        after = _closing(tokens, closed + 3) + 1
    elif extra := _order_by(sql, tokens, opened, closed, order):
        edits.append((tokens[closed].start, tokens[closed].start, extra))
    if _is(tokens, after, "FILTER"):
        first = after + 2 + _is(tokens, after + 2, "WHERE")
        last = _closing(tokens, after + 1)
        edits.append((tokens[after + 2].start, tokens[first].start, f"WHERE {condition} AND ("))
        edits.append((tokens[last].start, tokens[last].start, ")"))
    else:
        end = tokens[after - 1].end + 1
        edits.append((end, end, f" FILTER (WHERE {condition})"))
    return edits


def _order_by(sql: str, tokens: Sequence[Token], opened: int, closed: int, order: str) -> str:
    inside = range(opened + 1, closed)
    if not inside or tokens[opened - 1].text.lower() in _NO_ORDER:
        return ""
    own = [i for i in inside if tokens[i].token_type is TokenType.ORDER_BY and _depth(tokens, opened, i) == 1]
    if _is(tokens, opened + 1, "DISTINCT"):
        first = [i for i in inside if tokens[i].token_type is TokenType.COMMA and _depth(tokens, opened, i) == 1]
        end = tokens[first[0]].start if first else tokens[closed].start
        return "" if own else f" ORDER BY {sql[tokens[opened + 2].start : end]}"
    return f", {order}" if own else f" ORDER BY {order}"


def _depth(tokens: Sequence[Token], opened: int, at: int) -> int:
    opening = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
    closing = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)
    kinds = [token.token_type for token in tokens[opened:at]]
    return sum(kind in opening for kind in kinds) - sum(kind in closing for kind in kinds)


def _closing(tokens: Sequence[Token], opened: int) -> int:
    return next(
        at
        for at in range(opened + 1, len(tokens))
        if tokens[at].token_type is TokenType.R_PAREN and _depth(tokens, opened, at) == 1
    )


def _is(tokens: Sequence[Token], at: int, word: str) -> bool:
    return at < len(tokens) and tokens[at].text.upper() == word
