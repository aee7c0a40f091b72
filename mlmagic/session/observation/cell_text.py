"""What the text of a cell shows: literal keywords of calls, items that are read by key, names in function bodies."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.session.observation.bindings import NOT_LITERAL, keys_of, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass
class Keyword:
    """A literal keyword argument of a call to a function of the notebook: ``train(lr=0.1)``."""

    function: str
    name: str
    value: object


def items_read(tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """Yield the name and the keys of each item that *tree* reads by literal keys: ``config["lr"]``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and (keys := keys_of(node)):
            yield keys


def item(namespace: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    """Return the item in nested dicts below a name, or None if it does not exist."""
    value = namespace.get(keys[0])
    for key in keys[1:]:
        value = value.get(key) if type(value) is dict else None
    return value


def keywords_in(tree: ast.Module) -> Iterator[Keyword]:
    """Yield the literal keywords of calls to plain names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for word in node.keywords:
                if word.arg and (value := literal(word.value)) is not NOT_LITERAL:
                    yield Keyword(node.func.id, word.arg, value)


def names_used_in(function: ast.FunctionDef) -> set[str]:
    """Return the names and attributes in the body of a function."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}


def last_expression(tree: ast.Module) -> ast.expr | None:
    """Return the expression that the cell ends with, None if it ends with another statement."""
    ending = tree.body[-1] if tree.body else None
    return ending.value if isinstance(ending, ast.Expr) else None
