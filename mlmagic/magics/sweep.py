"""``%%sweep``: run the cell's body at many points."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.config.overrides import words_of
from mlmagic.errors import SweepFailedError, SweepInterrupted, UsageProblem
from mlmagic.magics.parsing import options_first, parse_words, variable
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from mlmagic.config.composing import Composition
    from mlmagic.sweeps.trials.trial_models import Which
    from mlmagic.sweeps.views.sweep_frame import SweepFrame

_WITH_VALUE = (
    "-e", "--experiment", "--config", "--metric", "--mode", "--search", "--trials", "--jobs", "--seeds", "--timeout",
    "--threads", "--into", "--on", "--address", "--zip",
)  # fmt: skip


@magics_class
class SweepMagics(Magics):
    """The magic ``%%sweep``."""

    @magic_arguments("%sweep")
    @argument("words", nargs="*", metavar="[NAME] PARAM=VALUES", help=(
        "A name for the sweep's run, and what to go over, in Hydra's grammar: lr=0.1,0.01 depth=range(1,10) "
        "opt=choice(adam,sgd) lr=tag(log,interval(1e-4,1e-1)); with --config also model=rf,logreg and model=glob(*)."
    ))  # fmt: skip
    @argument("--zip", action="append", default=[], metavar="NAMES", help=(
        "Values that go together, not crossed: lr=0.1,0.01 depth=2,8 --zip lr depth are two points. Given again: "
        "another group."
    ))  # fmt: skip
    @argument("--config", metavar="CFG", help="A config from %%%%hydra: what is swept are its keys and groups.")
    @argument("-e", "--experiment", help="Experiment of the runs; created when it is new.")
    @argument(
        "--metric", help="The metric that judges the trials; by default the first whose name tells which is better."
    )
    @argument("--mode", choices=["min", "max"], help="Which is better of the metric, where its name does not tell.")
    @argument("--search", default="grid", metavar="grid|random|tpe", help=(
        "All points; some of them at random; or those that Optuna expects to be best, after the trials before."
    ))  # fmt: skip
    @argument("--trials", type=int, metavar="N", help="How many points, for random and tpe; of a grid the first N.")
    @argument("--jobs", type=int, metavar="N", help="N trials at the same time, in processes; 0: one a core.")
    @argument("--seeds", type=int, default=1, metavar="N", help="N trials a point, judged by their mean.")
    @argument("--on", default="local", metavar="local|dask", help="Processes of this machine, or a Dask cluster.")
    @argument("--address", metavar="ADDR", help="Of the Dask scheduler; by default one is started on this machine.")
    @argument("--timeout", type=float, metavar="S", help="No other trial begins after S seconds.")
    @argument("--threads", type=int, default=1, metavar="N", help="Threads that libraries may use in a trial.")
    @argument("--prune", action="store_true", help=(
        "End trials that look hopeless, by what they log of the metric as they go (Optuna's median rule)."
    ))  # fmt: skip
    @argument("--resume", action="store_true", help=(
        "Go on with the last sweep of the same body: its trials that ended well are not run again."
    ))  # fmt: skip
    @argument(
        "--into", metavar="NAME", help="Bind the results to this variable, also those of a sweep that was interrupted."
    )
    @argument("--models", action="store_true", help=(
        "Record the models of all trials, on their own runs; by default those of the best one, on the sweep's run."
    ))  # fmt: skip
    @argument("--no-models", action="store_true", help="Record no models.")
    @argument("--no-data", action="store_true", help="Do not record the data that the body reads.")
    @argument("--no-figures", action="store_true", help="Do not record figures of trials.")
    @argument("--yes", action="store_true", help="Run more than 1,000 trials.")
    @argument("--quiet", action="store_true", help="Show nothing while it runs.")
    @no_var_expand
    @cell_magic
    def sweep(self, line: str, cell: str) -> SweepFrame | None:
        """Run the cell's body at many points, each a trial with a run of its own below the sweep's.

        The body reads what is swept as variables, or from the config that --config names. Each trial has its own copy
        of what the body reads of the notebook, and its own seed, so that the numbers are the same one after the other
        and in processes. Metrics are taken as in a tracked cell, or logged with mlmagic.log.

        Examples::

            %%sweep depth=range(2,8) n=50,200 --metric accuracy
            model = RandomForestClassifier(n, max_depth=depth).fit(X_train, y_train)
            accuracy = model.score(X_test, y_test)

            %%sweep tuned --config cfg model=rf,logreg lr=tag(log,interval(1e-4,1)) --search tpe --trials 50 --jobs 4
        """
        from mlmagic.sweeps.body import body_of
        from mlmagic.sweeps.plan import SweepPlan
        from mlmagic.sweeps.points.space import axes_of
        from mlmagic.sweeps.points.zipped import zips_of
        from mlmagic.sweeps.sweep import run_plan

        words = options_first(_with_zips_joined(words_of(line)), _WITH_VALUE)
        arguments = parse_words(self.sweep.parser, "%%sweep", line, words)
        shell = self.shell
        if shell is None:  # a magics object without a shell
            return None
        into = variable(arguments.into) if arguments.into else None
        name, swept = _divided(arguments.words)
        config = _config(arguments.config, shell.user_ns) if arguments.config else None
        axes = axes_of(swept, config.groups() if config else None)
        read = [config.name] if config else [axis.name for axis in axes]
        if not config:
            _require_variables(read, shell.user_ns)
        plan = SweepPlan(
            body_of(cell, shell.user_ns, read),
            axes,
            shell.user_ns,
            config,
            zips_of(arguments.zip and [tuple(names.split(",")) for names in arguments.zip]),
            metric=arguments.metric,
            mode=arguments.mode,
            search=arguments.search,
            trials=arguments.trials,
            jobs=arguments.jobs,
            on=arguments.on,
            address=arguments.address,
            timeout_s=arguments.timeout,
            seeds=arguments.seeds,
            threads=arguments.threads,
            figures=not arguments.no_figures,
            models=_whose_models(arguments),
            data=not arguments.no_data,
            yes=arguments.yes,
            resume=arguments.resume,
            prune=arguments.prune,
            experiment=arguments.experiment,
        )
        try:
            results = run_plan(plan, name=name or "sweep", quiet=arguments.quiet, caller=sys._getframe())
        except (SweepFailedError, SweepInterrupted) as stopped:
            if into is not None:
                shell.push({into: stopped.results})
            raise
        if into is not None:
            shell.push({into: results})
        return results


def _with_zips_joined(words: list[str]) -> list[str]:
    """Join the names after each ``--zip`` to one word, as long as they are swept on the line.

    >>> _with_zips_joined(["n=1,2", "--zip", "lr", "depth", "--quiet", "lr=1,2", "depth=3,4"])
    ['n=1,2', '--zip', 'lr,depth', '--quiet', 'lr=1,2', 'depth=3,4']
    """
    swept = {word.partition("=")[0].lstrip("+") for word in words if "=" in word}
    joined: list[str] = []
    for word in words:
        if joined[-2:-1] == ["--zip"] and swept.issuperset(word.split(",")):
            joined[-1] += f",{word}"
        else:
            joined.append(word)
    return joined


def _whose_models(arguments: Namespace) -> Which:
    if arguments.models and arguments.no_models:
        raise UsageProblem(
            "%%sweep: --models records the models of all trials, --no-models none: leave one of them out"
        )
    return "all" if arguments.models else "none" if arguments.no_models else "best"


def _divided(words: list[str]) -> tuple[str | None, list[str]]:
    """Return the sweep's name, if the first word is one, and the swept words."""
    name = words[0].strip("'\"") if words and "=" not in words[0] else None
    swept = words[1:] if name is not None else words
    wrong = next((word for word in swept if "=" not in word), None)
    if wrong is not None:
        raise UsageProblem(
            f"%%sweep: {wrong!r} has no values: {wrong}=A,B. The sweep's name comes first, quoted if it has spaces"
        )
    return name, swept


def _config(name: str, namespace: Mapping[str, Any]) -> Composition:
    from mlmagic.config.composing import compositions_in

    known = compositions_in(namespace)
    if name not in known:
        listed = f" There are: {', '.join(known)}." if known else ""
        raise UsageProblem(
            f"--config {name}: no config of this name was composed by %%hydra.{did_you_mean(name, known)}{listed}"
        )
    return replace(known[name], name=name)


def _require_variables(names: list[str], namespace: Mapping[str, Any]) -> None:
    """Reject names that are not valid for variables, and name the config that has such a key."""
    from mlmagic.config.composing import compositions_in

    for name in names:
        if name.isidentifier():
            continue
        configs = compositions_in(namespace)
        holder = next((config for config, composed in configs.items() if name in composed.values), None)
        hint = f"it is a key of {holder}: --config {holder}" if holder else "a key of a config needs --config CFG"
        raise UsageProblem(f"%%sweep: {name!r} is no name for a variable; {hint}")
