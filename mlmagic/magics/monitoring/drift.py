"""``%drift``: which columns of recent data differ from a reference, by how much, and whether all together do."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import options_first, parse_words, variable, words_of
from mlmagic.magics.variables import as_runs, expand, namespace_of, number_of, value_of
from mlmagic.session.interrupts import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.monitoring.drift.report import DriftReport

_PAIR = 2
_VERSION = re.compile(r"[^\s@/]+(@[\w-]+|/\d+)")
_NAME = re.compile(r"[\w.-]+")
_BUDGET = re.compile(r"[\d.]+ (per|a) \w+")
_EXAMPLE = "%drift X_train X_recent"


@magics_class
class DriftMagics(Magics):
    """The magic ``%drift``."""

    @magic_arguments()
    @argument(
        "what",
        nargs="*",
        metavar="REFERENCE CURRENT",
        help=(
            "Two tables: variables, or paths of CSV or Parquet files. The reference may be a registered model "
            "(churn@champion) or a run (runs:NAME), of which only the data's profile is known."
        ),
    )
    @argument("--columns", nargs="+", metavar="COL", help="Compare these columns only.")
    @argument("--alpha", default="0.05", metavar="P", help="The level of the tests after the correction: 0.05.")
    @argument(
        "--correction", default="bh", metavar="HOW", help="For the number of tests: bh (default), bonferroni or none."
    )
    @argument("--min-effect", default="0.05", metavar="D", help="The least distance of a column that drifted: 0.05.")
    @argument("--target", metavar="COL", help="The target: a column, or the variables of both sides, y_train,y_recent.")
    @argument("--by", metavar="COL", help="The drift of the rows with each value of this column too.")
    @argument(
        "--model", metavar="MODEL", help="A fitted model: the drift of its predictions, and of what it relies on."
    )
    @argument("--no-multivariate", action="store_true", help="Do not compare all columns together.")
    @argument("--budget", metavar="N/TIME", help="False alarms that are accepted, such as 1/month: it sets the alpha.")
    @argument("--checks", default="daily", metavar="HOW", help="How often drift is checked: hourly, daily, weekly, 4.")
    @argument("--no-figures", action="store_true", help="Record no figures.")
    @argument("--record", action="store_true", help="Record on a run of its own if no run is active.")
    @argument("--html", metavar="FILE", help="Write the report to this file, as a page of its own.")
    @argument("--into", metavar="NAME", help="Bind the report to this variable.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%drift")
    def drift(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> DriftReport | None:
        """Compare current data with a reference: which columns drifted, by how much, and whether all together did.

        A column drifted if a test finds it, corrected for the number of tests, and if its distance is at least
        --min-effect. In a tracked cell the report is recorded on the cell's run.

        Examples::

            %drift X_train X_recent
            %drift X_train X_recent --model forest --target y_train,y_recent
            %drift data/2025.parquet data/may.parquet --by region --columns age income
            %drift churn@champion X_recent
            report = %drift X_train X_recent --correction bonferroni --min-effect 0.1
        """
        if self.shell is None:  # a magics object without a shell
            return None
        from mlmagic.api.monitoring import drift_of
        from mlmagic.monitoring.drift.request import DriftRequest

        names = namespace_of(self.shell, local_ns)
        parser = self.drift.parser
        words = _with_whole_budget(words_of("%drift", expand(line, names, as_runs)))
        if "--columns" not in words:  # it takes several words
            with_value = {one for action in parser._actions if action.nargs != 0 for one in action.option_strings}
            words = options_first(words, with_value)
        arguments = parse_words(parser, "%drift", line, words)
        if len(arguments.what) != _PAIR:
            given = f", got {' '.join(arguments.what)!r}" if arguments.what else ""
            raise UsageProblem(f"%drift needs a reference and current data{given}. For example: {_EXAMPLE}")
        if arguments.into is not None:
            variable(arguments.into)
        value = partial(value_of, "%drift", names=names, evaluated=self.shell.ev)
        reference = _data(arguments.what[0], names, value, may_be_recorded=True)
        current = _data(arguments.what[1], names, value)
        request = DriftRequest(
            reference,
            current,
            (arguments.what[0], arguments.what[1]),
            columns=arguments.columns,
            alpha=number_of("alpha", arguments.alpha, example="0.05"),
            correction=arguments.correction,
            min_effect=number_of("min-effect", arguments.min_effect, example="0.05"),
            target=_target(arguments.target, value),
            by=arguments.by,
            model=None if arguments.model is None else value(arguments.model),
            multivariate=not arguments.no_multivariate,
            budget=arguments.budget,
            checks=arguments.checks,
        )
        report = drift_of(request, record=True if arguments.record else None, figures=not arguments.no_figures)
        if arguments.html is not None:
            report.save(arguments.html)
        if arguments.into is not None:
            self.shell.push({arguments.into: report})
        return report


def _data(word: str, names: Mapping[str, Any], value: Callable[[str], Any], *, may_be_recorded: bool = False) -> Any:
    """Return the value of a variable; the path of a file, and the name of a model or a run, as they are."""
    from mlmagic.monitoring.drift.sources.files import is_file_name

    is_elsewhere = is_file_name(word) or _VERSION.fullmatch(word) or word.startswith("runs:")
    if word not in names and is_elsewhere:
        return word.removeprefix("runs:")
    try:
        return value(word)
    except UsageProblem:
        if not may_be_recorded or not _NAME.fullmatch(word):
            raise
        from mlmagic.monitoring.drift.sources.profiles import is_recorded

        if not is_recorded(word):
            raise
        return word


def _with_whole_budget(words: list[str]) -> list[str]:
    """Return *words* with ``--budget 1 per month`` as two words."""
    if "--budget" not in words:
        return words
    at = words.index("--budget") + 1
    whole = " ".join(words[at : at + 3])
    return [*words[:at], whole, *words[at + 3 :]] if _BUDGET.fullmatch(whole) else words


def _target(text: str | None, value: Callable[[str], Any]) -> Any:
    if text is None or "," not in text:
        return text
    words = text.split(",")
    if len(words) != _PAIR or not all(words):
        raise UsageProblem(f"--target {text}: name a column, or the targets of both sides: y_train,y_recent")
    return value(words[0]), value(words[1])
