"""``%evaluate``: the metrics of a model on test data with intervals, slices, figures, and another model beside it."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import expressions_in, options_first, pair_in, parse_words, require_values, variable
from mlmagic.magics.variables import as_runs, expand, metric_of, namespace_of, number_of, value_of
from mlmagic.session.interrupts import in_one_line
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlmagic.evaluation.evaluation import Evaluation

_ARGUMENTS = 3
_EXAMPLE = "%evaluate model X_test y_test"


@magics_class
class EvaluateMagics(Magics):
    """The magic ``%evaluate``."""

    @magic_arguments()
    @argument(
        "what", nargs="*", metavar="MODEL X y", help="The fitted model, the test data and its targets: variables."
    )
    @argument(
        "--metric", action="append", metavar="NAME=FUNC",
        help="One more metric: a name, a function of y_true and y_pred, or a scorer. Several times for several.",
    )  # fmt: skip
    @argument("--by", metavar="COL", help="The metrics of each value of this column (or variable) too.")
    @argument("--against", metavar="MODEL", help="Another model: how the two differ on the same rows.")
    @argument("--groups", metavar="COL", help="Rows of one group depend on each other: whole groups are drawn.")
    @argument("--run", metavar="RUN", help="Record on this run, which has ended: its name or id.")
    @argument("--confidence", default="0.95", metavar="PART", help="The confidence of the intervals, 0.95 by default.")
    @argument("--stratify", action="store_true", help="Draw rows within each class: their numbers are fixed by design.")
    @argument("--resamples", metavar="N", help="How often rows are drawn, 1,000 times by default.")
    @argument(
        "--task", metavar="TASK", help="binary, multiclass, multilabel or regression, where it is not recognised."
    )
    @argument("--positive", metavar="LABEL", help="The positive one of two classes, the second in order by default.")
    @argument("--no-figures", action="store_true", help="Draw no figures.")
    @argument("--importance", action="store_true", help="The permutation importance of the columns.")
    @argument("--learning-curve", metavar="X,y", help="The learning curve on this training data: X_train,y_train.")
    @argument("--name", metavar="NAME", help="The name of the model in the record, its variable's by default.")
    @argument("--into", metavar="NAME", help="Bind the evaluation to this variable.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%evaluate")
    def evaluate(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> Evaluation | None:
        """Evaluate a fitted model on test data: the metrics of its task, each with an interval, and the figures.

        In a tracked cell it is recorded on the cell's run; --run records it on a run that has ended. COL is a column of
        the data, or a variable that holds one value for each row.

        Examples::

            %evaluate forest X_test y_test
            %evaluate forest X_test y_test --against tree
            %evaluate forest X_test y_test --metric cost_loss=business_cost --metric f1_macro --by region
            %evaluate forest X_test y_test --groups patient_id --run baseline
            %evaluate forest X_test y_test --importance --learning-curve X_train,y_train
            found = %evaluate forest X_test y_test --no-figures
        """
        if self.shell is None:  # a magics object without a shell
            return None
        from mlmagic.evaluation.evaluating import evaluate_request
        from mlmagic.evaluation.request import Names, Request

        names = namespace_of(self.shell, local_ns)
        parser = self.evaluate.parser
        with_value = {one for action in parser._actions if action.nargs != 0 for one in action.option_strings}
        words = expressions_in("%evaluate", expand(line, names, as_runs))
        require_values("%evaluate", parser, words)
        arguments = parse_words(parser, "%evaluate", line, options_first(words, with_value))
        arguments.what = [word.rstrip(",") for word in arguments.what]  # as in a call of Python's
        if arguments.learning_curve is not None:
            _require_pair(arguments.learning_curve)
        _require_three(arguments.what)
        if arguments.into is not None:
            variable(arguments.into)
        value = partial(value_of, "%evaluate", names=names, evaluated=self.shell.ev)
        model = _model(arguments.what[0], names, value)
        data, targets = (value(word, kind=("tables and arrays", _has_rows)) for word in arguments.what[1:])
        against = None
        if arguments.against is not None:
            against = _model(arguments.against, names, value)
        request = Request(
            Names(
                model=arguments.name or arguments.what[0],
                data=arguments.what[1],
                targets=arguments.what[2],
                against=arguments.against or "",
            ),
            model,
            data,
            targets,
            metrics=dict(metric_of(text, names, value) for text in arguments.metric or ()),
            by=_column("by", arguments.by, data, names),
            against=against,
            groups=_column("groups", arguments.groups, data, names),
            run=arguments.run,
            confidence=number_of("confidence", arguments.confidence),
            figures=not arguments.no_figures,
            importance=arguments.importance,
            learning_curve=_training_data(arguments.learning_curve, value),
            task=arguments.task,
            positive=arguments.positive,
            stratify=arguments.stratify or None,
            resamples=None if arguments.resamples is None else int(number_of("resamples", arguments.resamples, int)),
        )
        found = evaluate_request(request)
        if arguments.into is not None:
            self.shell.push({arguments.into: found})
        return found


def _require_three(words: Sequence[str]) -> None:
    """Require the model, the test data and the targets.

    Raises
    ------
    UsageProblem
        If there are more words or fewer.
    """
    if len(words) == _ARGUMENTS:
        return
    given = f", got {' '.join(words)!r}" if words else ""
    if len(words) > _ARGUMENTS:
        given += '. Quote a name with spaces: --by "two words"'
    raise UsageProblem(f"%evaluate needs a model, test data and targets{given}. For example: {_EXAMPLE}")


def _model(word: str, names: Mapping[str, Any], value: Callable[..., Any]) -> Any:
    """Return the model that a word means: a variable or an expression, or a registered ``churn@champion``."""
    name, at, _ = word.partition("@")
    if at and name not in names:
        from mlmagic.registry.loading import load

        return load(word, trust=False)
    return value(word, kind=("fitted models", _predicts))


def _predicts(value: Any) -> bool:
    """Return whether a variable may be meant as the model: a fitted one, no class."""
    from mlmagic.models.kinds import is_fitted, is_model

    return hasattr(value, "predict") and not isinstance(value, type) and (is_fitted(value) or not is_model(value))


def _has_rows(value: Any) -> bool:
    """Return whether a variable may be meant as the test data or its targets."""
    has_shape = isinstance(getattr(value, "shape", None), tuple) and len(value.shape) > 0
    return not isinstance(value, type) and (has_shape or isinstance(value, list | tuple))


def _require_pair(text: str) -> tuple[str, str]:
    words = pair_in(text)
    if words is None:
        raise UsageProblem(f"--learning-curve {text}: name the training data and its targets: X_train,y_train")
    return words


def _training_data(text: str | None, value: Callable[[str], Any]) -> tuple[Any, Any] | None:
    if text is None:
        return None
    data, targets = _require_pair(text)
    return value(data), value(targets)


def _column(option: str, name: str | None, data: Any, names: Mapping[str, Any]) -> Any:
    """Return *name* if it is a column or unknown, else the values of the variable of this name."""
    from mlmagic.data.split.split_columns import NamedColumn
    from mlmagic.evaluation.outcomes.test_data import column_names

    columns = [str(one) for one in column_names(data) or ()]
    if name is None or name in columns or name not in names:
        if name is not None and name not in columns:
            valid = [*columns, *(one for one in names if not one.startswith("_"))]
            raise UsageProblem(
                f"--{option} {name}: there is no such column, and no such variable.{did_you_mean(name, valid)}"
            )
        return name
    return NamedColumn(name, names[name])
