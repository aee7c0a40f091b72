"""Detect expressions that read a clock: a time of day is not a measurement."""

from __future__ import annotations

import ast
from types import BuiltinFunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.session.observation.bindings import Binding


def is_clock(binding: Binding | None, namespace: Mapping[str, Any]) -> bool:
    """Return whether a name is bound to a clock reading, ``t0 = time.time()``, which is not a measurement."""
    return binding is not None and bool(binding.values) and all(reads_clock(one, namespace) for one in binding.values)


def reads_clock(node: ast.expr, namespace: Mapping[str, Any]) -> bool:
    """Return whether an expression is a call of a function of the module ``time``, or of a ``timestamp`` method."""
    match node:
        case ast.Call(func=ast.Attribute(attr="timestamp")):
            return True
        case ast.Call(func=ast.Name(id=name)):
            called = namespace.get(name)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
            called = vars(owner).get(name) if isinstance(owner := namespace.get(module), ModuleType) else None
        case _:
            return False
    return isinstance(called, BuiltinFunctionType) and called.__module__ == "time"
