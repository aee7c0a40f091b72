"""Rewrite a cell so that its calls and its bindings are observed, without patching anything.

``acc = accuracy_score(y, p)`` becomes ``acc = note(1, note(2, keep(2, accuracy_score)(given(3, y), given(4, p))))`` in
the cell's syntax tree. All of these functions return the value that they get. Bodies of functions and classes are not
rewritten: they may be pickled into other processes, or into a model, where these names do not exist.
"""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import metrics
from mlmagic.session.observation import sites
from mlmagic.session.observation.bindings import NOT_LITERAL, is_step, items, literal
from mlmagic.session.observation.expressions import (
    appended_to,
    is_access,
    names_in,
    parts_of_target,
    place_at_method,
    root_of,
    roots_of,
)
from mlmagic.session.observation.sites import GIVEN, KEEP, NOTE, Argument, Kind, Sees, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

FITTING = {"fit", "fit_predict", "fit_transform", "partial_fit"}
MEASURING = {"score", "compute"}
PREDICTING = {"predict", "predict_proba", "predict_log_proba", "decision_function"}
LOADING = {"DataLoader", "TensorDataset", "DMatrix", "QuantileDMatrix", "Dataset", "Pool", "folds"}
"""Classes of torch, XGBoost, LightGBM and CatBoost that represent data, and mlmagic's function that divides it."""
TRAINING = {"train"}
"""Functions that fit a model: XGBoost's and LightGBM's."""
LOGGING = {"log_model"}
ENDING = {"end_run"}
_METHODS: dict[str, Kind] = {
    **dict.fromkeys(MEASURING, "method"), **dict.fromkeys(FITTING, "fit"), **dict.fromkeys(PREDICTING, "predict"),
    **dict.fromkeys(LOADING, "load"), **dict.fromkeys(TRAINING, "train"), **dict.fromkeys(LOGGING, "log"),
    **dict.fromkeys(ENDING, "end"),
}  # fmt: skip
_TRUTH: dict[Kind, int] = {"function": 0, "method": 1, "fit": 1}
"""Position of the true labels among a call's arguments."""
_LONGEST_NAME = 80


class Instrumenter(ast.NodeTransformer):
    """Rewrites the assignments of a cell, and its calls that may measure or fit a model.

    *measures* returns whether a function of this name may measure something (including the cell's own imports);
    *modules* are the names of modules of metrics, *computed* the names that the cell binds to what it works out, which
    are no counters; *sees* receives the observed values.
    """

    def __init__(
        self, *, measures: Callable[[str], bool], modules: set[str], sees: Sees, computed: Collection[str] = ()
    ) -> None:
        self._numbers: list[int] = []
        self._sites: list[Site] = []
        self._calls: dict[int, Site] = {}
        self._measures = measures
        self._modules = modules
        self._sees = sees
        self._computed = computed
        self._loops = 0
        self._statement = 0
        self._own_names: list[str] = []
        """Names of the enclosing comprehensions, which are not the notebook's."""
        self._bound: str | None = None
        self._parts: tuple[str | None, ...] = ()
        self._within: frozenset[str] = frozenset()

    def forget(self) -> None:
        """Stop observing: the rewritten calls are then only identities."""
        for number in self._numbers:
            sites.forget(number)

    def of_call(self, node: ast.expr | None) -> Site | None:
        """Return the site that observes a call of the rewritten tree."""
        return self._calls.get(id(node))

    def _site(self, kind: Kind, name: str, **about: Any) -> tuple[int, Site]:
        site = Site(kind, name, loops=self._loops, statement=self._statement, **about)
        self._numbers.append(sites.add_site(site, self._sees))
        self._sites.append(site)
        return self._numbers[-1], site

    def visit(self, node: ast.AST) -> Any:
        """Rewrite *node*."""
        self._statement += isinstance(node, ast.stmt)
        return super().visit(node)

    def visit_FunctionDef(self, node: ast.AST) -> ast.AST:
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = visit_FunctionDef

    def visit_For(self, node: ast.For | ast.AsyncFor) -> ast.AST:
        node.iter = self.visit(node.iter)
        self._loops += 1
        node.target = self.visit(node.target)
        return self._loop(node)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> ast.AST:
        self._loops += 1
        node.test = self.visit(node.test)
        return self._loop(node)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> ast.AST:
        """Rewrite the blocks of a loop; mark its turns if it binds a name at several places: the last one counts."""
        first = len(self._sites)
        self._block(node.body)
        self._loops -= 1
        inside = [site for site in self._sites[first:] if site.loops == 1 and site.binds]
        bound = [name for site in inside for name in site.binds]
        if len(set(bound)) < len(bound):
            number, _ = self._site("turn", "")
            mark = ast.Expr(_call(NOTE, number, ast.Constant(None), at=node.body[0]))
            node.body.insert(0, ast.fix_missing_locations(ast.copy_location(mark, node.body[0])))
            for site in inside:
                site.in_turn = True
        self._block(node.orelse)
        return node

    def _block(self, block: list[ast.stmt]) -> None:
        rewritten = [self.visit(statement) for statement in block]
        block[:] = [one for each in rewritten for one in (each if isinstance(each, list) else [each])]

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> ast.AST:
        before = len(self._own_names)
        self._own_names += [name for part in node.generators for name in names_in(part.target)]
        self._loops += 1
        self.generic_visit(node)
        self._loops -= 1
        del self._own_names[before:]
        return node

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0] if len(node.targets) == 1 else None
        name = target.id if isinstance(target, ast.Name) else None
        if isinstance(node.value, ast.Call):
            self._bound, self._parts = name, parts_of_target(target)
        self._within = frozenset(root for target in node.targets for root in roots_of(target))
        value = self.visit(node.value)
        self._bound, self._within = None, frozenset()
        for target in node.targets:
            value = self._assigned(target, node.value, value)
        node.value = value
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return node
        self._bound = node.target.id if isinstance(node.target, ast.Name) and isinstance(node.value, ast.Call) else None
        self._within = frozenset(roots_of(node.target))
        value = self.visit(node.value)
        self._bound, self._within = None, frozenset()
        node.value = self._assigned(node.target, node.value, value)
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        outer, self._bound = self._bound, node.target.id if isinstance(node.value, ast.Call) else None
        value = self.visit(node.value)
        self._bound = outer
        node.value = self._assigned(node.target, node.value, value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.AST]:
        is_counted = is_step(node)
        node.value = self.visit(node.value)
        if self._loops > 1 or not isinstance(node.target, ast.Name):
            return node
        if is_counted and node.target.id not in self._computed:
            return node
        # Observed after it has been worked out. An expression as the last line would be shown, an assignment is not.
        number, _ = self._site("assignment", node.target.id, names=(node.target.id,))
        seen = _call(NOTE, number, ast.Name(node.target.id, ast.Load()), at=node.value)
        return [node, ast.copy_location(ast.Assign([ast.Name(node.target.id, ast.Store())], seen), node)]

    def _assigned(self, target: ast.expr, written: ast.expr, value: ast.expr) -> ast.expr:
        """Wrap *value* so that its binding to *target* is observed, except in deeper loops: only the last counts."""
        is_literal = literal(written) is not NOT_LITERAL
        if self._loops > (0 if is_literal else 1):
            return value
        match target:
            case ast.Name(id=name):
                number, _ = self._site("literal" if is_literal else "assignment", name, names=(name,))
            case ast.Tuple(elts=parts) | ast.List(elts=parts) if not any(isinstance(e, ast.Starred) for e in parts):
                names = parts_of_target(target)
                written_down = [literal(item) is not NOT_LITERAL for item in items(written, parts)]
                number, _ = self._site("assignment", "", names=names, literals=tuple(written_down))
            case ast.Subscript(value=ast.Name(id=name), slice=key) if not isinstance(key, (ast.Slice, ast.Tuple)):
                # Python evaluates the value first, then the key.
                number, site = self._site("item", "", names=(name,))
                key_number, _ = self._site("key", name, item=site)
                target.slice = _call(NOTE, key_number, key, at=key)
            case _:
                return value
        return _call(NOTE, number, value, at=value)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        (bound, parts), (self._bound, self._parts) = (self._bound, self._parts), (None, ())
        appended = appended_to(node) if self._loops else None
        if appended is not None:
            return self._append(node, appended)
        self.generic_visit(node)
        kind = self._kind_of(node.func)
        return node if kind is None else self._seen(node, kind, bound, parts)

    def _kind_of(self, called: ast.expr) -> Kind | None:
        match called:
            case ast.Name(id=name):
                may_measure = name in self._own_names or self._measures(name)
                return "load" if name in LOADING else "function" if may_measure else None
            case ast.Subscript():
                return "function"
            case ast.Attribute(value=value) if root_of(value) in self._modules:
                return "function"
            case ast.Attribute(attr=name):
                return _METHODS.get(name)
        return None

    def _append(self, node: ast.Call, name: str) -> ast.AST:
        """Observe what is appended to a list in a loop, ``history["loss"].append(x)``, as a curve."""
        self._within = frozenset({name.partition(".")[0], name})
        (value,) = node.args
        seen = self.visit(value)
        self._within = frozenset()
        number, _ = self._site("item", name)
        node.args = [_call(NOTE, number, seen, at=value)]
        return node

    def _seen(self, node: ast.Call, kind: Kind, bound: str | None, parts: tuple[str | None, ...]) -> ast.AST:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else _written(node.func)[:_LONGEST_NAME]
        truth = _TRUTH.get(kind)
        labels = next((word.value for word in node.keywords if word.arg in {"y_true", "y", "target"}), None)
        if truth is not None and len(node.args) > truth:
            labels = node.args[truth]
        number, site = self._site(
            kind,
            name,
            bound=bound,
            parts=parts,
            within=self._within,
            truth=_written(labels) if truth is not None and isinstance(labels, ast.Name) else None,
            passing=isinstance(node.func, ast.Attribute) and not is_access(node.func.value),
            per_class=any(word.arg in {"average", "multioutput"} for word in node.keywords),
        )
        self._calls[id(node)] = site
        if kind in {"function", "load", "train", "log"}:
            called, node.func = node.func, _call(KEEP, number, node.func, at=node.func)
            place_at_method(node, called)
        elif isinstance(node.func, ast.Attribute):
            node.func.value = _call(KEEP, number, node.func.value, at=node.func.value)
        for place, argument in enumerate(node.args):
            if isinstance(argument, ast.Starred):
                argument.value = self._argument(site, argument.value, "*")
            else:
                node.args[place] = self._argument(site, argument, place)
        for word in node.keywords:
            word.value = self._argument(site, word.value, word.arg or "**")
        return _call(NOTE, number, node, at=node)

    def _argument(self, site: Site, node: ast.expr, place: int | str) -> ast.expr:
        written = _written(node)
        is_data = not isinstance(node, (ast.Constant, ast.JoinedStr, ast.Lambda))
        if not is_data and site.kind != "train" and place != "cv":
            return node
        text = written if len(written) <= _LONGEST_NAME else f"{site.name} {place}"
        names = names_in(node) if is_access(node) else None
        is_own = names is not None and not set(self._own_names).isdisjoint(names)
        argument = Argument(site, text, names, place, is_own)
        self._numbers.append(sites.add_argument(argument, self._sees))
        return _call(GIVEN, self._numbers[-1], node, at=node)


class _Clean(ast.NodeTransformer):
    """Removes the instrumentation calls from a cell's expressions."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        ours = isinstance(node.func, ast.Name) and node.func.id in {NOTE, KEEP, GIVEN}
        return node.args[1] if ours else node


def _written(node: ast.expr) -> str:
    """Return the cell's own source of *node*, as one line."""
    return ast.unparse(_Clean().visit(copy.deepcopy(node)))


def _call(name: str, number: int, value: ast.expr, *, at: ast.expr | ast.stmt) -> ast.Call:
    constant = ast.Constant(number)
    call = ast.Call(ast.Name(name, ast.Load()), [constant, value], [])
    for node in (call, call.func, constant):
        ast.copy_location(node, at)
    return call


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
