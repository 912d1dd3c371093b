"""What a Python table's code says, without what doesn't change its rows."""

from __future__ import annotations

import ast


def code_of(source: str) -> str:
    """A module's code without comments, docstrings and layout.

    The whole module counts, since the function may call its neighbours.

    >>> code_of("def f(x):\\n    '''Twice.'''\\n    return 2*x  # doubled") == code_of("def f(x): return 2 * x")
    True
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _has_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _has_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return ast.get_docstring(node, clean=False) is not None
