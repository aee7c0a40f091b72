"""``%why``: what each difference between two runs is worth."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import parse_line
from mlmagic.magics.variables import as_runs, expand, namespace_of, number_of
from mlmagic.recording import open_runs
from mlmagic.session.interrupts import in_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.replay.explaining.explanation import Explanation


@magics_class
class WhyMagics(Magics):
    """The magic ``%why``."""

    @magic_arguments()
    @argument("first", metavar="RUN_A", help="Name, id or beginning of an id.")
    @argument("second", metavar="RUN_B", help="The other run, of the same cell.")
    @argument(
        "--metric", action="append", default=[], metavar="NAME", help="A metric to explain; by default all that differ."
    )
    @argument("--seeds", metavar="N", help="Replays of each run with other seeds, to measure the noise; 3 by default.")
    @argument("--yes", action="store_true", help="Do not ask before the replays.")
    @argument("--timeout", metavar="S", help="Seconds that each cell may take; ten times the original by default.")
    @argument("-e", "--experiment", help="Name or id of the experiment to look in.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%why")
    def why(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> Explanation:
        """Say why two runs of one cell differ: what each changed parameter, line of code, module or seed is worth.

        The runs are replayed from their records with some of the differences taken from one into the other. Up to four
        differences are taken in all combinations, and what they are worth (Shapley values) adds up to the whole. More
        are taken one at a time. Replays with other seeds measure the noise.

        Packages, the processor and files whose other content is gone cannot be taken; they are named.

        Examples::

            %why forest boost
            %why forest boost --metric accuracy --seeds 5
            %why 3f2a91c0 77aa01be --yes
            found = %why forest boost --yes
        """
        from mlmagic.api.replay import explanation_of, reference_of
        from mlmagic.replay.explaining.preparing import WhyRequest
        from mlmagic.views.reproducibility.replay_progress import ReplayProgress

        line = expand(line, namespace_of(self.shell, local_ns), as_runs)
        arguments = parse_line(self.why.parser, "%why", line)
        if open_runs.on_this_thread() is not None:
            raise UsageProblem("%why: give it a cell of its own, without %%track")
        seeds = 3 if arguments.seeds is None else int(number_of("seeds", arguments.seeds, int, example="5"))
        timeout_s = None if arguments.timeout is None else number_of("timeout", arguments.timeout, example="600")
        request = WhyRequest(
            reference_of(arguments.first), reference_of(arguments.second), metrics=tuple(arguments.metric), seeds=seeds,
            yes=arguments.yes, timeout_s=timeout_s, experiment=arguments.experiment,
        )  # fmt: skip
        with ReplayProgress() as progress:
            return explanation_of(request, progress)
