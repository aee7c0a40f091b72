"""``%register``, ``%models``, ``%promote`` and ``%rollback``: the model registry."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import (
    expressions_in,
    key_value,
    options_first,
    pair_in,
    parse_words,
    require_values,
    take_filter,
    with_comma,
    words_of,
)
from mlmagic.magics.variables import expand, in_filter, metric_of, namespace_of, number_of, unresolved, value_of
from mlmagic.session.interrupts import in_one_line
from mlmagic.visible import clean

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Collection, Mapping

    from IPython.core.magic_arguments import MagicArgumentParser

    from mlmagic.registry.gates import Gate
    from mlmagic.registry.promotion.changing import Promotion
    from mlmagic.views.tables.models_frame import ModelsFrame

_OF_REGISTER = ("--run", "--model", "--alias", "--description")
_OF_PROMOTE = ("--to", "--reason", "--better-than", "--on", "--metric", "--margin", "--confidence")


@magics_class
class RegistryMagics(Magics):
    """The magics of the model registry."""

    @magic_arguments()
    @argument("name", nargs="?", help="The registered model; created if it is new.")
    @argument("--run", help="Id or name of the run; the last one without.")
    @argument("--model", metavar="NAME", help="Which of the run's models, if it has several: the name of its variable.")
    @argument("--alias", help="An alias for the version, such as challenger.")
    @argument("-t", "--tag", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="Tags of the version.")
    @argument("--description", help="What this version is, in a sentence.")
    @argument("--again", action="store_true", help="Make another version of a model that is one already.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%register")
    def register(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> None:
        """Register a model that a run recorded as a new version of NAME.

        The version has tags that say which run it came from, who registered it and when. A model that is a version
        already is not registered again, so that the cell can be run again. While the store is away, it is recorded in
        the journal of the run, and registered when the store takes it: `%mlmagic` shows what waits.

        Examples::

            %register churn
            %register churn --run forest --model model --alias challenger
            %register churn -t team=risk --description "with the new features"
        """
        from mlmagic.api import registry

        line = _expanded("%register", line, namespace_of(self.shell, local_ns))
        parsed = _parsed(self.register.parser, "%register", line, _OF_REGISTER)
        made = registry.register(
            _name(parsed, "%register churn --run forest"),
            run=parsed.run,
            model=parsed.model,
            alias=parsed.alias,
            tags=dict(key_value("%register", word) for word in parsed.tag),
            description=parsed.description,
            again=parsed.again,
        )
        version = "" if made.version is None else f" version {made.version}"
        print(clean(f"{made.name!r}{version}: {made.note}"))  # noqa: T201

    @magic_arguments()
    @argument("name", nargs="?", help="The registered model; all of them without.")
    @argument(
        "--where", metavar="FILTER",
        help="Conditions on metrics, params and tags, and on version, alias, run, name and started. No quotes needed.",
    )  # fmt: skip
    @argument("--history", action="store_true", help="Show every promotion, refusal and rollback of NAME.")
    @argument("-n", type=int, help="How many versions at most, 20 by default.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%models")
    def models(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> ModelsFrame:
        """Show registered versions as a table; the result is a DataFrame.

        A row has the aliases of the version, the metrics of its model and run (with their intervals, if there are
        `accuracy_low` and `accuracy_high`), the run, its data by name and digest, the split, and who registered it.
        What a killed process left half done is told below.

        Examples::

            %models
            %models churn
            %models churn --where accuracy > 0.9 and alias is not missing
            %models churn --history
            df = %models churn -n 100
        """
        from mlmagic.api import registry

        line = _expanded("%models", line, namespace_of(self.shell, local_ns), in_filter)
        rest, condition = take_filter(line, "--where", {"-n"})
        parsed = _parsed(self.models.parser, "%models", rest, ("-n",))
        if condition == "":
            raise UsageProblem("%models --where takes a filter. For example: --where accuracy > 0.9")
        if parsed.history and parsed.n is not None:
            raise UsageProblem("%models --history shows every record: -n is the number of versions, leave it out")
        if parsed.history and parsed.name is None:
            raise UsageProblem("%models --history shows that of one model: %models churn --history")
        n = 20 if parsed.n is None else parsed.n
        return registry.registered_models(parsed.name, where=condition or "", history=parsed.history, n=n)

    @magic_arguments()
    @argument("name", nargs="?", help="The registered model.")
    @argument("version", nargs="?", help="The number of a version, or an alias of one; the newest without.")
    @argument("--to", default="champion", metavar="ALIAS", help="The alias that the version gets: champion by default.")
    @argument(
        "--if", dest="gate", metavar="CONDITIONS",
        help="Promote only if these hold of the version's metrics, params and tags. No quotes needed.",
    )  # fmt: skip
    @argument(
        "--better-than", metavar="ALIAS",
        help="Promote only if it is better than the version with this alias, on the same held-out rows.",
    )  # fmt: skip
    @argument("--on", metavar="X,y", help="The test data and its targets, that neither model has seen: X_test,y_test.")
    @argument(
        "--metric", action="append", metavar="NAME=FUNC", help="What is compared: a metric's name, or your function."
    )
    @argument("--margin", default="0", metavar="M", help="By how much it must be better, 0 by default.")
    @argument(
        "--confidence", default="0.95", metavar="PART", help="Of the interval of the difference, 0.95 by default."
    )
    @argument("--correct", action="store_true", help="Ask more, the more candidates were judged on these rows.")
    @argument("--trust", action="store_true", help="Load the models without asking, whoever wrote them.")
    @argument("--dry-run", action="store_true", help="Say what would happen; change and record nothing.")
    @argument("--reason", metavar="TEXT", help="A sentence for the history.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%promote")
    def promote(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> None:
        """Give an alias to a version, if the conditions hold, and record it.

        A refusal names the numbers, is recorded too, and ends the cell. Nothing is changed if another process changed
        the alias meanwhile. `%models NAME --history` shows the records, `%rollback NAME` undoes a promotion.

        Examples::

            %promote churn
            %promote churn 3 --to champion --if accuracy > 0.85 and loss < 0.2
            %promote churn challenger --to champion --if accuracy > {threshold} --dry-run
            %promote churn --better-than champion --on X_test,y_test --metric accuracy --margin 0.01
        """
        from mlmagic.api import registry

        names = namespace_of(self.shell, local_ns)
        rest, conditions = take_filter(_expanded("%promote", line, names, in_filter), "--if", _OF_PROMOTE)
        if conditions == "":
            raise UsageProblem("%promote --if has no conditions. For example: --if accuracy > 0.85 and loss < 0.2")
        parsed = _parsed(self.promote.parser, "%promote", with_comma(rest), _OF_PROMOTE)
        gate = self._gate(parsed, conditions, names)
        _show(
            registry.promote(
                _name(parsed, "%promote churn 3 --to champion"),
                parsed.version,
                to=parsed.to,
                gate=gate,
                dry_run=parsed.dry_run,
                reason=parsed.reason or "",
            )
        )

    def _gate(self, parsed: Namespace, conditions: str | None, names: Mapping[str, Any]) -> str | Gate | None:
        """Return the gate that the options ask for."""
        rest = {"--margin": parsed.margin != "0", "--confidence": parsed.confidence != "0.95"}
        rest |= {"--correct": parsed.correct, "--trust": parsed.trust}
        given = {"--better-than": parsed.better_than, "--on": parsed.on, "--metric": parsed.metric}
        if not any(given.values()) and not any(rest.values()):
            return conditions
        example = "--better-than champion --on X_test,y_test --metric accuracy"
        if missing := [option for option, value in given.items() if not value]:
            raise UsageProblem(f"%promote: {', '.join(missing)} must be given too. For example: {example}")
        pair = pair_in(parsed.on)
        if pair is None:
            raise UsageProblem(f"%promote --on {parsed.on}: it takes the test data and its targets: --on X_test,y_test")
        if len(parsed.metric) > 1:
            raise UsageProblem(f"%promote: one --metric decides, got {len(parsed.metric)}: {', '.join(parsed.metric)}")
        from mlmagic.registry.better_than import AllOf, BetterThan
        from mlmagic.registry.gates import gate_of
        from mlmagic.registry.names import require_alias

        evaluated = self.shell.ev if self.shell is not None else str
        value = partial(value_of, "%promote", names=names, evaluated=evaluated)
        data, targets = pair
        beats = BetterThan(
            parsed.better_than.removeprefix("@"),
            value(data),
            value(targets),
            (data, targets),
            metric_of(parsed.metric[0], names, value),
            number_of("margin", parsed.margin),
            number_of("confidence", parsed.confidence),
            parsed.correct,
            parsed.trust,
            require_alias(parsed.to)[0],
        )
        first = gate_of(conditions)
        return beats if first is None else AllOf((first, beats))

    @magic_arguments()
    @argument("name", nargs="?", help="The registered model.")
    @argument("alias", nargs="?", help="The alias, as --to has it; champion without either.")
    @argument("--to", metavar="ALIAS", help="The alias whose last promotion is undone: champion.")
    @argument("--reason", metavar="TEXT", help="A sentence for the history.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%rollback")
    def rollback(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> None:
        """Undo the last promotion of an alias: the version that had it before gets it again, or none has it.

        Another rollback undoes the promotion before that. It is recorded as promotions are.

        Examples::

            %rollback churn
            %rollback churn challenger
            %rollback churn --to challenger --reason "slow in production"
        """
        from mlmagic.api import registry

        line = _expanded("%rollback", line, namespace_of(self.shell, local_ns))
        parsed = _parsed(self.rollback.parser, "%rollback", line, ("--to", "--reason"))
        name = _name(parsed, "%rollback churn")
        _show(registry.rollback(name, to=_alias_of(parsed, name), reason=parsed.reason or ""))


def _alias_of(parsed: Namespace, name: str) -> str:
    """Return the alias that a rollback is of.

    Raises
    ------
    UsageProblem
        If two are named, or the number of a version.
    """
    given = {one.removeprefix("@") for one in (parsed.alias, parsed.to) if one is not None}
    if len(given) > 1:
        raise UsageProblem(f"%rollback undoes the promotion of one alias, got {' and '.join(sorted(given))}")
    alias = given.pop() if given else "champion"
    if alias.isdecimal():
        raise UsageProblem(
            f"%rollback {name} {alias}: it takes an alias, and the version that had it before gets it again. To choose "
            f"a version: %promote {name} {alias} --to champion"
        )
    return alias


def _expanded(magic: str, line: str, names: Mapping[str, Any], text_of: Callable[[Any], str] = format) -> str:
    """Return *line* with the values of its ``{expression}`` and ``$name``.

    Raises
    ------
    UsageProblem
        If one has no value: nothing in the registry is called ``{champion}``.
    """
    if problem := unresolved(line, names):
        raise UsageProblem(f"{magic}: {problem}")
    return expand(line, names, text_of)


def _parsed(parser: MagicArgumentParser, magic: str, line: str, with_value: Collection[str]) -> Namespace:
    words = expressions_in(magic, line) if magic == "%promote" else words_of(magic, line)
    require_values(magic, parser, words)
    if not {"-t", "--tag"} & {*words}:  # these take several words
        words = options_first(words, with_value)
    instead = "An alias to give: %promote NAME VERSION --to ALIAS. " if magic == "%promote" else ""
    return parse_words(parser, magic, line, words, instead=instead)


def _name(parsed: Namespace, example: str) -> str:
    if parsed.name is None:
        raise UsageProblem(f"Name the registered model: {example}. Those that there are: %models")
    return str(parsed.name)


def _show(done: Promotion) -> None:
    for line in (str(done), *done.notes):
        print(clean(line))  # noqa: T201
