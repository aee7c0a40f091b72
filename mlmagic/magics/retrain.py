"""``%%retrain``: train a registered model again in this cell if it is no longer good enough on recent data."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import ast
import shlex
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import key_value, options_first, parse_words, require_values, variable, with_comma, words_of
from mlmagic.magics.track import AlreadyShownError, with_tags
from mlmagic.magics.variables import escape, expand, metric_of, namespace_of, number_of, value_of
from mlmagic.recording import open_runs

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from mlmagic.registry.retraining.request import RetrainRequest
    from mlmagic.registry.retraining.result import Retraining

_EXAMPLE = "%%retrain churn --on X_recent,y_recent --metric accuracy --min 0.85 --promote-to champion"


@magics_class
class RetrainMagics(Magics):
    """The magic ``%%retrain``."""

    @magic_arguments("%retrain")
    @argument("name", nargs="?", help="The registered model.")
    @argument("--on", metavar="X,y", help="Recent data and its targets, that neither model has seen.")
    @argument("--metric", action="append", metavar="NAME=FUNC", help="What decides: a metric's name, or your function.")
    @argument("--min", metavar="M", help="Train if the champion's metric is below M, where more is better.")
    @argument("--max", metavar="M", help="Train if the champion's metric is above M, where less is better.")
    @argument(
        "--drop", metavar="D", help="Train if the champion's metric is worse by more than D than at its promotion."
    )
    @argument(
        "--promote-to", metavar="ALIAS", help="The alias that the new version gets if it is better; none without."
    )
    @argument("--model", metavar="VARIABLE", help="Which model of the body, if it fits several.")
    @argument("--margin", default="0", metavar="M", help="By how much it must be better, 0 by default.")
    @argument(
        "--confidence", default="0.95", metavar="PART", help="Of the interval of the difference, 0.95 by default."
    )
    @argument("--correct", action="store_true", help="Ask more, the more candidates were judged on these rows.")
    @argument("--trust", action="store_true", help="Load the models without asking, whoever wrote them.")
    @argument("--again", action="store_true", help="Train even if the same was trained before.")
    @argument("-e", "--experiment", help="Experiment of the run; created when it is new.")
    @argument("-t", "--tag", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=(
        "Tags of the run and of the version."
    ))  # fmt: skip
    @argument("--into", metavar="NAME", help="Bind the result to this variable.")
    @argument("--quiet", action="store_true", help="Leave one line of the run's summary.")
    @no_var_expand  # `expand` does it
    @cell_magic
    def retrain(self, line: str, cell: str) -> Retraining | None:
        """Train a registered model again in this cell, if the champion is no longer good enough on recent data.

        The body runs only if it is needed, as a tracked cell. Its model is evaluated on the same data, registered as
        the challenger, and promoted if it is better than the champion: the whole interval of the difference is above
        the margin. Without --min, --max and --drop the body runs in any case. Running the cell again trains nothing
        again: what was trained for the same champion, code and data is used.

        Examples::

            %%retrain churn --on X_recent y_recent --metric accuracy --min 0.85 --promote-to champion
            model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_new, y_new)

            %%retrain churn --on X_recent y_recent --metric roc_auc --drop 0.02
            model = GradientBoostingClassifier().fit(X_new, y_new)
        """
        from mlmagic.registry.retraining.retraining import Training, retrain

        shell = self.shell
        if shell is None:  # a magics object without a shell
            return None
        names = namespace_of(shell, None)
        words = words_of("%%retrain", with_comma(expand(line, names)))
        parser = self.retrain.parser
        with_value = {
            one for action in parser._actions if action.nargs is None for one in action.option_strings
        }  # fmt: skip
        require_values("%%retrain", parser, words)
        if not {"-t", "--tag"} & {*words}:  # these take several words
            words = options_first(words, with_value)
        arguments = parse_words(parser, "%%retrain", line, words)
        request = _request(arguments, shell, names)
        if arguments.into is not None:
            variable(arguments.into)
        if not cell.strip():
            raise UsageProblem("%%retrain: the body is empty: it is the code that fits the new model")
        if open_runs.on_this_thread() is not None:
            raise UsageProblem("%%retrain makes a run of its own: give it a cell of its own, without %%track")
        header = shlex.join(
            ["%%track", f"{request.name} retrained", *(["--quiet"] if arguments.quiet else []),
             *(["-e", arguments.experiment] if arguments.experiment else [])]
        )  # fmt: skip
        run = partial(_run_body, shell, header, cell)
        result = retrain(request, Training(_identity(shell, cell), run))
        if arguments.into is not None:
            shell.push({arguments.into: result})
        return result


def _request(arguments: Namespace, shell: InteractiveShell, names: Mapping[str, Any]) -> RetrainRequest:
    from mlmagic.registry.retraining.request import RetrainRequest

    given = {"the model's NAME": arguments.name, "--on X,y": arguments.on, "--metric": arguments.metric}
    if missing := [what for what, value in given.items() if not value]:
        raise UsageProblem(f"%%retrain: {' and '.join(missing)} must be given. For example: {_EXAMPLE}")
    if len(arguments.metric) > 1:
        raise UsageProblem(f"%%retrain: one --metric decides, got {len(arguments.metric)}: {arguments.metric}")
    words = arguments.on.split(",")
    if len(words) != 2 or not all(words):  # noqa: PLR2004
        raise UsageProblem(f"%%retrain --on {arguments.on}: it takes the recent data and its targets: --on X,y")
    value = partial(value_of, "%%retrain", names=names, evaluated=shell.ev)
    limits = {
        name: None if (text := getattr(arguments, name)) is None else number_of(name, text)
        for name in ("min", "max", "drop")
    }
    return RetrainRequest(
        name=arguments.name, data=value(words[0]), targets=value(words[1]), names=(words[0], words[1]),
        metric=metric_of(arguments.metric[0], names, value), least=limits["min"], most=limits["max"],
        drop=limits["drop"], promote_to=arguments.promote_to, margin=number_of("margin", arguments.margin),
        confidence=number_of("confidence", arguments.confidence), correct=arguments.correct, trust=arguments.trust,
        model=arguments.model, tags=dict(key_value("%%retrain", word) for word in arguments.tag),
        again=arguments.again,
    )  # fmt: skip


def _identity(shell: InteractiveShell, cell: str) -> str:
    """Return what identifies the body and all that it reads; a body that is no Python shows its error when it runs."""
    from mlmagic.data.code_identity import identity_of_cell
    from mlmagic.session.observation.reads import names_read

    try:
        read = names_read(ast.parse(shell.transform_cell(cell)), shell.user_ns)
    except SyntaxError:
        read = []
    return identity_of_cell(cell.strip(), read, shell.user_ns)


def _run_body(shell: InteractiveShell, header: str, cell: str, reason: str, tags: Mapping[str, str]) -> str:
    """Run the body as a tracked cell, and return the id of its run."""
    print(f"{reason}: training")  # noqa: T201
    before = open_runs.last_id()
    with with_tags(tags):
        result = shell.run_cell(f"{escape(header)}\n{cell}")
    if not result.success:
        raise AlreadyShownError("the body failed, as shown above")
    run_id = open_runs.last_id()
    if run_id is None or run_id == before:
        raise UsageProblem("%%retrain: the body made no run: it is the code that fits the new model")
    return run_id
