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
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.alias(name=module, asname=alias):
                names.add(alias or module.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                names.add(name)
        if isinstance(node, _SCOPES):
            names |= _bound_from_inside(node)
        elif isinstance(node, _COMPREHENSIONS):
            names |= {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}
        else:
            names |= bound_names(node)
    return names


def _bound_from_inside(scope: ast.AST) -> set[str]:
    names = {scope.name} if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Global):
            names |= set(node.names)
    return names
