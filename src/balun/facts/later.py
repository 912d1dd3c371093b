"""A mapping whose values may be read only when somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Later(MutableMapping[K, V]):
    """
    >>> told = Later()
    >>> told["a"] = 1
    >>> told.later("b", lambda: 2)
    >>> list(told), told["b"], dict(told)
    (['a', 'b'], 2, {'a': 1, 'b': 2})
    """

    def __init__(self) -> None:
        self._made: dict[K, V | None] = {}
        self._waiting: dict[K, Callable[[], V]] = {}

    def later(self, key: K, read: Callable[[], V]) -> None:
        self._made[key] = None
        self._waiting[key] = read

    def __getitem__(self, key: K) -> V:
        if key in self._waiting:
            self._made[key] = self._waiting[key]()
            del self._waiting[key]
        return self._made[key]  # type: ignore[return-value]

    def __setitem__(self, key: K, value: V) -> None:
        self._waiting.pop(key, None)
        self._made[key] = value

    def __delitem__(self, key: K) -> None:
        self._waiting.pop(key, None)
        del self._made[key]

    def __contains__(self, key: object) -> bool:
        return key in self._made

    def __iter__(self) -> Iterator[K]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
