"""What a cell binds, read off its syntax tree."""

from __future__ import annotations

import ast

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound_names(tree: ast.AST) -> set[str]:
    r"""Return the names that running *tree* binds at top level, also in loops, branches and ``with`` blocks.

    Names that a function binds by ``global`` count; those of ``exec`` and ``import *`` cannot be seen.

    >>> sorted(bound_names(ast.parse("a, (b, *c) = f(); d: int = 1; e += 1\nfor g in h: pass\nimport i.j as k, l.m")))
    ['a', 'b', 'c', 'd', 'e', 'g', 'k', 'l']
    >>> sorted(bound_names(ast.parse("def f(x):\n  global y\n  y = z = x\n[w for w in v if (u := w)]")))
    ['f', 'u', 'y']
    """
    names: set[str] = set()
    left = [tree]  # not recursive: a sum of a thousand terms is a tree a thousand nodes deep
    while left:
        node = left.pop()
        names |= _bound_by(node)
        if isinstance(node, _SCOPES):
            names |= _bound_from_inside(node)
            left += _evaluated_outside(node)
        elif isinstance(node, _COMPREHENSIONS):
            names |= {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}
        elif isinstance(node, ast.AnnAssign) and node.value is None:
            left += [node.annotation] if isinstance(node.target, ast.Name) else [node.annotation, node.target]
        else:
            left += ast.iter_child_nodes(node)
    return names


def _bound_by(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            return {name}
        case ast.alias(name=module, asname=alias):
            return {alias or module.partition(".")[0]} - {"*"}
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
            | ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
        ):
            return {name}
    return set()


def _evaluated_outside(scope: ast.AST) -> list[ast.AST]:
    """Return the parts of a function or class that run where it is defined: decorators, defaults, bases."""
    body = getattr(scope, "body", None)
    inside = {id(node) for node in (body if isinstance(body, list) else [body])}
    return [node for node in ast.iter_child_nodes(scope) if id(node) not in inside]


def _bound_from_inside(scope: ast.AST) -> set[str]:
    return {name for node in ast.walk(scope) if isinstance(node, ast.Global) for name in node.names}
