"""``%split``: split data into train, val and test, bind the parts, and report sizes, classes and leakage."""

from __future__ import annotations

import keyword
import re
import types
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import parse_line
from mlmagic.session.interrupts import in_one_line
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping, Sequence

    from mlmagic.data.split.splitting import Split

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_TAKEN = types.FunctionType | types.MethodType | types.BuiltinFunctionType | type | types.ModuleType


@magics_class
class SplitMagics(Magics):
    """The magic ``%split``."""

    @magic_arguments()
    @argument("data", nargs="*", help="The variable to split; several, such as X y, are divided alike.")
    @argument("--test", default="0.2", metavar="PART", help="Part of the rows for test, 0.2 by default.")
    @argument("--val", default="0", metavar="PART", help="Part of the rows for val; none by default.")
    @argument(
        "--by", action="append", metavar="COL",
        help="Divide by the hash of this id: a row stays on its side whatever the order, and when rows are added. "
        "Twice, when two columns identify a row.",
    )  # fmt: skip
    @argument("--stratify", metavar="COL", help="Keep the proportions of the classes in this column; needs a seed.")
    @argument("--group", metavar="COL", help="Keep the rows of each group on one side.")
    @argument("--time", metavar="COL", help="The earliest rows for train, the latest for test.")
    @argument("--salt", default="", metavar="TEXT", help="Other sides by id or by group.")
    @argument("--seed", metavar="NUMBER", help="Draw the rows with this seed; the one of %%seed is used without it.")
    @argument("--into", metavar="NAMES", help="Names for the parts, such as train,val,test.")
    @argument("--quiet", action="store_true", help="Show warnings only.")
    @line_magic
    @in_one_line("%split")
    def split(self, line: str = "") -> None:
        """Divide data into train and test, or train, val and test, and bind them.

        One variable becomes train and test; `%split X y` becomes X_train, X_test, y_train and y_test. What
        divides the rows is an id, a group, a time, or a seed. COL is a column, or a variable that holds one value
        for each row. Shown are the sizes, the classes on each side, and the leakage found.

        Examples::

            %split df --by user_id
            %split df --test 0.2 --val 0.1 --stratify species --seed 42
            %split X y --seed 42
            %split df --time date --into past,future
            %split X y --group patients
        """
        arguments = parse_line(self.split.parser, "%split", line)
        shell = self.shell
        if shell is None:  # a magics object without a shell
            return
        if not arguments.data:
            raise UsageProblem("%split needs a variable: %split df --by user_id, or %split X y --seed 42")
        data = [self._value(word) for word in arguments.data]
        done = _split(arguments, data, shell.user_ns)
        names = _into(arguments, list(done.parts))
        _require_free(names, arguments.data, shell.user_ns)
        shell.push(dict(zip(names, done.parts.values(), strict=True)))
        _show(done, names, quiet=arguments.quiet)

    def _value(self, word: str) -> Any:
        """Evaluate *word*: a variable, an attribute of a variable, or an expression without spaces."""
        shell = self.shell
        first = word.partition(".")[0]
        if shell is None or (_NAME.fullmatch(word) and first not in shell.user_ns):
            known = [name for name in (shell.user_ns if shell else ()) if not name.startswith("_")]
            raise UsageProblem(f"%split: there is no variable {first!r}.{did_you_mean(first, known)}")
        try:
            return shell.ev(word)
        except Exception as error:
            raise UsageProblem(f"%split: {word!r} is no data: {type(error).__name__}: {error}") from error


def _split(arguments: Namespace, data: Sequence[Any], namespace: Mapping[str, Any]) -> Split:
    from mlmagic.data.split.splitting import split

    labels = tuple(arguments.data)
    several = len(labels) > 1

    def key(option: str, name: str) -> Any:
        return _key(option, name, data, namespace)

    by = [key("by", name) for name in arguments.by or ()]
    if len(by) > 1 and any(not isinstance(one, str) for one in by):
        raise UsageProblem("%split: --by twice takes columns; make one variable of the ids.")
    return split(
        *data,
        test=_number(arguments.test),
        val=_number(arguments.val),
        by=by[0] if len(by) == 1 else by or None,
        stratify=key("stratify", arguments.stratify),
        group=key("group", arguments.group),
        time=key("time", arguments.time),
        seed=_number(arguments.seed),
        salt=arguments.salt,
        names=[_last(label) for label in labels] if several else labels,
    )


def _last(label: str) -> str:
    """Return the name with which the parts of *label* begin: ``data`` for ``iris.data``."""
    name = label.rpartition(".")[2]
    if not name.isidentifier():
        raise UsageProblem(f"%split: {label!r} gives no names for its parts; bind it to a variable first.")
    return name


def _key(option: str, name: str | None, data: Sequence[Any], namespace: Mapping[str, Any]) -> Any:
    """Return *name* if it is a column or unknown, else the variable of this name."""
    from mlmagic.data.split.split_columns import NamedColumn, has_column

    if name is None or has_column(name, data) or name not in namespace:
        return name
    if isinstance(namespace[name], str | int | float):
        raise UsageProblem(
            f"--{option} {name}: there is no such column, and the variable {name!r} holds {namespace[name]!r}. "
            f"Its value is put in by braces: --{option} {{{name}}}"
        )
    return NamedColumn(name, namespace[name])


def _number(text: str | None) -> Any:
    """Parse the number; other text is returned unchanged, and `split` reports what is valid."""
    if text is None:
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _into(arguments: Namespace, parts: list[str]) -> list[str]:
    if arguments.into is None:
        return parts
    names = [name.strip() for name in arguments.into.split(",")]
    wrong = [name for name in names if not name.isidentifier() or keyword.iskeyword(name)]
    if wrong:
        raise UsageProblem(f"--into {arguments.into}: {wrong[0]!r} is no name for a variable.")
    if len(names) != len(parts) or len(set(names)) != len(names):
        raise UsageProblem(
            f"--into {arguments.into}: this split has {len(parts)} parts, in this order: {','.join(parts)}. "
            "Give each a name of its own."
        )
    return names


def _require_free(names: Iterable[str], data: Sequence[str], namespace: Mapping[str, Any]) -> None:
    """Refuse to overwrite functions, modules, and the data itself, which would shrink each time the cell runs."""
    for name in names:
        held = namespace.get(name)
        if name in data:
            raise UsageProblem(f"%split would replace {name!r} by a part of it; name the parts: --into a,b")
        if isinstance(held, _TAKEN):
            kind = type(held).__name__ if not isinstance(held, type) else "class"
            raise UsageProblem(f"%split would replace the {kind} {name!r}; name the parts: --into a,b")


def _show(done: Split, names: Sequence[str], *, quiet: bool) -> None:
    from dataclasses import replace

    from mlmagic.views.split_report import split_report_bundle

    if not quiet:
        display(split_report_bundle(replace(done, report=replace(done.report, parts=tuple(names)))), raw=True)
        return
    for finding in done.report.findings:
        if finding.level == "warning":
            print(finding.text)  # noqa: T201 - the only output of --quiet
