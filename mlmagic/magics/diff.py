"""``%diff``: how runs differ."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.magics.parsing import parse_line
from mlmagic.session.interrupts import in_one_line

if TYPE_CHECKING:
    from mlmagic.comparison.diffs.difference import Difference


@magics_class
class DiffMagics(Magics):
    """The magic ``%diff``."""

    @magic_arguments()
    @argument("runs", nargs="*", metavar="RUN", help="Names, ids or beginnings of ids; the first one is the base.")
    @argument("-e", "--experiment", help="Name or id of the experiment to look in.")
    @no_var_expand
    @line_magic
    @in_one_line("%diff")
    def diff(self, line: str = "") -> Difference:
        """Tell how runs differ from the first of them.

        Code by line and word, parameters, metrics, data (which column changed, or only the order of the rows), figures,
        git and environment: what differs is open, the rest is counted and folded.

        Examples::

            %diff forest boosting
            %diff "first try" 3f2a91c0
            difference = %diff baseline wide deep -e digits
        """
        from mlmagic.api import diff

        arguments = parse_line(self.diff.parser, "%diff", line)
        return diff(*arguments.runs, experiment=arguments.experiment)
