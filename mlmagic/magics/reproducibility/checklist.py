"""``%checklist``: how reproducible a run is."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import parse_line
from mlmagic.magics.variables import as_runs, expand, namespace_of
from mlmagic.session.interrupts import in_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.reproducibility.checklist import Checklist


@magics_class
class ChecklistMagics(Magics):
    """The magic ``%checklist``."""

    @magic_arguments()
    @argument("run", nargs="*", metavar="RUN", help="Name, id or beginning of an id; the last run without it.")
    @argument("-e", "--experiment", help="Name or id of the experiment to look in.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%checklist")
    def checklist(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> Checklist:
        """Grade how reproducible a run is: eight items, each with its evidence and the code that would mend it.

        Seeds, splits, fingerprints of data, versions of packages, preprocessing within the model, version control,
        settings in place of constants, and the order of cells. The score, such as 7/8, becomes the run's tag
        ``mlmagic.checklist``. The code is read, not run. ``mlmagic lint NOTEBOOK`` does so before a notebook runs.

        What does not apply counts as passed, what was not recorded does not. ``{expression}`` and ``$name`` stand for
        Python values: a run, a row of ``%runs``, a name.

        Examples::

            %checklist
            %checklist forest
            %checklist "first try"
            %checklist forest -e churn
            %checklist {mlmagic.last_run}
            found = %checklist 3f2a91c0
        """
        from mlmagic.reproducibility.checking import checklist

        line = expand(line, namespace_of(self.shell, local_ns), as_runs)
        arguments = parse_line(self.checklist.parser, "%checklist", line)
        if len(arguments.run) > 1:
            together = " ".join(arguments.run)
            raise UsageProblem(f'The checklist is of one run. A name with spaces needs quotes: %checklist "{together}"')
        return checklist(*arguments.run, experiment=arguments.experiment)
