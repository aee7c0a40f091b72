"""``%reproduce``: run a recorded run again, and compare the results."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import parse_line, variable
from mlmagic.magics.variables import as_runs, expand, namespace_of, number_of
from mlmagic.recording import open_runs
from mlmagic.session.interrupts import in_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.replay.reproduction import Reproduction


@magics_class
class ReproduceMagics(Magics):
    """The magic ``%reproduce``."""

    @magic_arguments()
    @argument("run", nargs="?", metavar="RUN", help="Name, id or beginning of an id; the last run by default.")
    @argument("--full", action="store_true", help="Run all cells of the session, not only those that the run needs.")
    @argument("--env", action="store_true", help="Install the recorded versions into an environment of its own first.")
    @argument("--yes", action="store_true", help="Do not ask before programs, the network, writes and others' code.")
    @argument("--timeout", metavar="S", help="Seconds that each cell may take; ten times the original by default.")
    @argument(
        "--into", nargs="+", default=[], metavar="NAME", help="Bind these objects of the replay here, such as a model."
    )
    @argument("--keep", action="store_true", help="Leave the replay's kernel running, and say how to reach it.")
    @argument("-e", "--experiment", help="Name or id of the experiment to look in.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%reproduce")
    def reproduce(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> Reproduction | None:
        """Run a recorded run again in a fresh kernel, from its record alone, and say whether the numbers came back.

        IDENTICAL: all results are equal bit for bit, and models predict the same on the rows that are stored with them.
        EQUIVALENT: within the rounding of sums on other threads, or the noise of two replays. DIFFERENT: the report
        names what changed: the data and its column, a package, a module, random draws that no seed fixes. CANNOT RUN:
        it says what is missing.

        The cells that the run needs are executed as they were recorded, in its folder, with the recorded states of the
        random generators. Their own runs go to a store of the replay's, which is deleted.

        Examples::

            %reproduce
            %reproduce forest
            %reproduce forest --full
            %reproduce 3f2a91c0 --yes --timeout 600
            %reproduce forest --into model X_test
            found = %reproduce forest
        """
        from mlmagic.api.replay import reference_of, reproduction_of
        from mlmagic.replay.request import ReproduceRequest
        from mlmagic.views.reproducibility.replay_progress import ReplayProgress

        line = expand(line, namespace_of(self.shell, local_ns), as_runs)
        arguments = parse_line(self.reproduce.parser, "%reproduce", line)
        if open_runs.on_this_thread() is not None:
            raise UsageProblem("%reproduce: give it a cell of its own, without %%track")
        timeout_s = None if arguments.timeout is None else number_of("timeout", arguments.timeout, example="600")
        if timeout_s is not None and not timeout_s > 0:
            raise UsageProblem(f"%reproduce --timeout {arguments.timeout}: give seconds above 0, such as --timeout 600")
        names = tuple(map(variable, arguments.into))
        request = ReproduceRequest(
            reference_of(arguments.run), full=arguments.full, env=arguments.env, yes=arguments.yes, timeout_s=timeout_s,
            names=names, keep=arguments.keep, experiment=arguments.experiment,
        )  # fmt: skip
        with ReplayProgress() as progress:
            found = reproduction_of(request, progress)
        if self.shell is not None:
            self.shell.push(found.objects)
        return found
