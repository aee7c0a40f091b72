"""Questions about the expressions of a cell: which names they read, bind and fill, and where Python places a call."""

from __future__ import annotations

import ast

from mlmagic.session.observation.bindings import NOT_LITERAL, literal


def parts_of_target(target: ast.expr | None) -> tuple[str | None, ...]:
    """Return the names that the items of a value are bound to, None for a target that is not a name."""
    items = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
    return tuple(item.id if isinstance(item, ast.Name) else None for item in items)


def is_access(node: ast.expr) -> bool:
    """Return whether *node* is only a lookup: ``iris.data``, ``frames['train']``."""
    return not any(isinstance(each, ast.Call) for each in ast.walk(node)) and root_of(node) is not None


def names_in(node: ast.expr) -> tuple[str, ...]:
    """Return the names in *node*, each once, in order."""
    return tuple(dict.fromkeys(each.id for each in ast.walk(node) if isinstance(each, ast.Name)))


def appended_to(node: ast.Call) -> str | None:
    """Return the name of the list that *node* appends to, ``losses`` or ``history.loss``; None for any other call."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value], keywords=[]):
            pass
        case ast.Call(
            func=ast.Attribute(
                value=ast.Subscript(value=ast.Name(id=holder), slice=ast.Constant(value=str(key))), attr="append"
            ),
            args=[value],
            keywords=[],
        ):
            name = f"{holder}.{key}"
        case _:
            return None
    return None if isinstance(value, ast.Starred) or literal(value) is not NOT_LITERAL else name


def place_at_method(node: ast.Call, called: ast.expr) -> None:
    """Let *node*, a call of *called*, begin where tracebacks see a method call that spans lines: at the method's name.

    The compiler does so for a call of an attribute, unless arguments are unpacked.
    """
    if not isinstance(called, ast.Attribute) or called.end_lineno is None or called.end_col_offset is None:
        return
    unpacks = any(isinstance(one, ast.Starred) for one in node.args) or any(word.arg is None for word in node.keywords)
    if node.lineno != called.end_lineno and not unpacks:
        node.lineno, node.col_offset = called.end_lineno, called.end_col_offset - len(called.attr)


def root_of(node: ast.expr) -> str | None:
    """Return the name that a lookup begins with, or None: ``iris`` of ``iris.data[0]``."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def roots_of(target: ast.expr) -> list[str]:
    """Return the names that an assignment to *target* binds or fills."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [root for part in target.elts for root in roots_of(part)]
    if isinstance(target, ast.Starred):
        return roots_of(target.value)
    root = root_of(target)
    return [] if root is None else [root]
