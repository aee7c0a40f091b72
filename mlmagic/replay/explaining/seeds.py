"""Give the seeds in a cell's source other values, to see how much the results depend on them."""

from __future__ import annotations

import ast
import re

from mlmagic.replay.explaining.cell_text import CellText, source_of
from mlmagic.replay.explaining.source_difference import SEEDING, names_a_seed

_SEED_VALUE = re.compile(r"((?:^|[\s._])(?:seed|random_state)[ \t]*[=:][ \t]*)(\d+)\b", re.IGNORECASE | re.MULTILINE)
_SEED_OPTION = re.compile(r"(--seed[ =])(\d+)\b")


def with_other_seeds(source: str, by: int) -> str:
    r"""Return *source* with *by* added to each number that is given as a seed.

    Examples
    --------
    >>> print(with_other_seeds("%seed 42\nmodel = Forest(n=3, random_state=0)\nSEED = 7", 100))
    %seed 142
    model = Forest(n=3, random_state=100)
    SEED = 107
    """
    cell = CellText.of(source)
    headers = [_in_text(line, by) for line in cell.headers]
    tree = cell.tree()
    if tree is None:
        return CellText(headers, _in_text(cell.body, by)).text
    changed = _Seeds(by)
    body = changed.visit(tree).body
    return CellText(headers, source_of(body) if changed.found else cell.body).text


def _in_text(text: str, by: int) -> str:
    for pattern in (_SEED_VALUE, _SEED_OPTION):
        text = pattern.sub(lambda match: f"{match[1]}{int(match[2]) + by}", text)
    return text


class _Seeds(ast.NodeTransformer):
    """Adds a number to the literals that are given as seeds."""

    def __init__(self, by: int) -> None:
        self._by = by
        self.found = False

    def _other(self, node: ast.expr | None) -> None:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            node.value += self._by
            self.found = True

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        if any(isinstance(one, ast.Name) and names_a_seed(one.id) for one in node.targets):
            self._other(node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and names_a_seed(node.target.id):
            self._other(node.value)
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        self.generic_visit(node)
        if node.arg is not None and names_a_seed(node.arg):
            self._other(node.value)
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        self.generic_visit(node)
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and names_a_seed(key.value):
                self._other(value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in SEEDING and node.args:
            self._other(node.args[0])
        if called == "run_line_magic" and len(node.args) == 2:  # noqa: PLR2004  # the magic and its line
            name, line = node.args
            if isinstance(name, ast.Constant) and isinstance(line, ast.Constant) and isinstance(line.value, str):
                text = f"seed={line.value}" if name.value == "seed" else line.value
                line.value = _in_text(text, self._by).removeprefix("seed=" if name.value == "seed" else "")
                self.found = True
        return node
