"""Sees what a cell's calls return, without patching anything: results pass through an identity function.

``accuracy_score(y, p)`` becomes ``__mlmagic_note__(site, __mlmagic_keep__(site, accuracy_score)(y, p))`` in the cell's
syntax tree. Both return what they are given. Bodies of functions and classes stay as they are: they may be pickled
into other processes, or into a model, where these names do not exist.
"""

from __future__ import annotations

import ast
import builtins
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.adapters import metrics
from mlmagic.session.bindings import NOT_LITERAL, literal

if TYPE_CHECKING:
    from collections.abc import Callable

NOTE, KEEP = "__mlmagic_note__", "__mlmagic_keep__"
FITTING = {"fit", "fit_predict", "fit_transform", "partial_fit"}
MEASURING = {"score", "compute"}

Kind = Literal["function", "method", "fit", "assignment"]


@dataclass
class Site:
    """A place in the cell whose results are seen.

    ``bound`` is the name that the whole result is bound to, ``within`` the one that an expression around it is bound
    to (the name of the whole, for an item), ``truth`` the variable that holds the true labels. ``callee`` is the last
    function or receiver seen there, ``values`` what was returned.
    """

    kind: Kind
    name: str
    bound: str | None = None
    within: str | None = None
    truth: str | None = None
    looped: bool = False
    callee: Any = None
    values: list[Any] = field(default_factory=list)


_sites: dict[int, tuple[Site, Callable[[Site, Any], None]]] = {}
_numbers = itertools.count()


def keep(number: int, value: Any) -> Any:
    """Return *value*; remember it as the callee of a site."""
    known = _sites.get(number)
    if known is not None:
        known[0].callee = value
    return value


def note(number: int, value: Any) -> Any:
    """Return *value*; hand it to whoever watches the site."""
    known = _sites.get(number)
    if known is not None:
        site, watch = known
        watch(site, value)
    return value


def install() -> Callable[[], None]:
    """Let cells find the two functions, if they do not yet; returns the way back."""
    if hasattr(builtins, NOTE):
        return lambda: None
    setattr(builtins, NOTE, note)
    setattr(builtins, KEEP, keep)

    def remove() -> None:
        delattr(builtins, NOTE)
        delattr(builtins, KEEP)

    return remove


class Watcher(ast.NodeTransformer):
    """Rewrites the calls of a cell that may measure or fit a model, and what loops assign.

    *measures* tells by its name whether a function may measure something (names of the cell's own imports too);
    *modules* are the names that stand for modules of metrics; *watch* is called with each site and value.
    """

    def __init__(
        self, *, measures: Callable[[str], bool], modules: set[str], watch: Callable[[Site, Any], None]
    ) -> None:
        self.sites: list[Site] = []
        self._numbers: list[int] = []
        self._calls: dict[int, Site] = {}
        self._measures = measures
        self._modules = modules
        self._watch = watch
        self._depth = 0
        self._bound: str | None = None
        self._within: str | None = None

    def forget(self) -> None:
        """See nothing any more: the rewritten calls are then only identities."""
        for number in self._numbers:
            _sites.pop(number, None)

    def of_call(self, node: ast.expr | None) -> Site | None:
        """Return the site that watches a call of the tree that was rewritten."""
        return self._calls.get(id(node))

    def _site(self, kind: Kind, name: str, **about: Any) -> ast.Constant:
        site = Site(kind, name, looped=self._depth > 0, **about)
        number = next(_numbers)
        _sites[number] = (site, self._watch)
        self._numbers.append(number)
        self.sites.append(site)
        return ast.Constant(number)

    def visit_FunctionDef(self, node: ast.AST) -> ast.AST:
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = visit_FunctionDef

    def visit_For(self, node: ast.For | ast.AsyncFor | ast.While) -> ast.AST:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        return node

    visit_AsyncFor = visit_While = visit_For

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0] if len(node.targets) == 1 else None
        name = target.id if isinstance(target, ast.Name) else None
        self._bound = name if isinstance(node.value, ast.Call) else None
        self._within = _root(target) if target is not None else None
        value = self.visit(node.value)
        self._bound = self._within = None
        if name and self._depth == 1 and value is node.value and literal(node.value) is NOT_LITERAL:
            # Floats that a loop binds anew are a curve. Deeper loops are over batches: only their last value counts.
            number = self._site("assignment", name, bound=name)
            value = _call(NOTE, number, value, at=node.value)
        node.value = value
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        bound, self._bound = self._bound, None
        self.generic_visit(node)
        match node.func:
            case ast.Name(id=name) if self._measures(name):
                return self._measured(node, "function", name, bound, truth=0)
            case ast.Attribute(attr=name, value=value) if _root(value) in self._modules:
                return self._measured(node, "function", name, bound, truth=0)
            case ast.Attribute(attr=name) if name in MEASURING:
                return self._measured(node, "method", name, bound, truth=1)
            case ast.Attribute(attr=name) if name in FITTING:
                return self._measured(node, "fit", name, bound, truth=1)
        return node

    def _measured(self, node: ast.Call, kind: Kind, name: str, bound: str | None, *, truth: int) -> ast.AST:
        labels = next((word.value for word in node.keywords if word.arg in {"y_true", "y", "target"}), None)
        if len(node.args) > truth:
            labels = node.args[truth]
        labels_name = labels.id if isinstance(labels, ast.Name) else None
        number = self._site(kind, name, bound=bound, within=self._within, truth=labels_name)
        self._calls[id(node)] = self.sites[-1]
        if kind == "function":
            node.func = _call(KEEP, number, node.func, at=node.func)
        elif isinstance(node.func, ast.Attribute):
            node.func.value = _call(KEEP, number, node.func.value, at=node.func.value)
        return _call(NOTE, number, node, at=node)


def _call(name: str, number: ast.expr, value: ast.expr, *, at: ast.expr) -> ast.Call:
    call = ast.Call(ast.Name(name, ast.Load()), [number, value], [])
    for node in (call, call.func, number):
        ast.copy_location(node, at)
    return call


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def metric_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    r"""Return (names of functions, names of modules) of metrics that *tree* itself imports.

    >>> metric_names(ast.parse("from sklearn.metrics import f1_score as f1\nfrom sklearn import metrics as m"))
    ({'f1'}, {'m'})
    """
    functions: set[str] = set()
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = alias.asname or alias.name
                if metrics.is_metric_module(f"{node.module}.{alias.name}") and not metrics.is_metric_module(
                    node.module
                ):
                    modules.add(name)
                elif metrics.is_metric_module(node.module) or node.module.startswith("sklearn.model_selection"):
                    functions.add(name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if metrics.is_metric_module(alias.name):
                    modules.add(alias.asname or alias.name.partition(".")[0])
    return functions, modules
