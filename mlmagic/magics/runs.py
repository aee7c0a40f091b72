"""``%runs``: the last runs, as a table and as a DataFrame."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.magics.parsing import parse_line

if TYPE_CHECKING:
    from mlmagic.views.runs_frame import RunsFrame

_WITH_VALUE = ("-e", "--experiment", "-n", "--sort")
_DIRECTIONS = ("asc", "desc")
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|`[^`]*`|\S)+""")
_OPTION = re.compile(r"--?(?!inf\b|nan\b)[A-Za-z].*", re.DOTALL)


@magics_class
class RunsMagics(Magics):
    """The magic ``%runs``."""

    @magic_arguments()
    @argument(
        "filter", nargs="*",
        help="Conditions joined by `and`, on a column, metric, param or tag. MLflow's filter syntax works too.",
    )  # fmt: skip
    @argument("-e", "--experiment", help="Name or id of the experiment; by default the one that runs go to.")
    @argument("-n", type=int, default=20, help="How many runs at most, 20 by default.")
    @argument(
        "--sort", metavar="METRIC",
        help="Order by a metric, param or column: the highest first; METRIC asc puts the lowest first. "
        "By default the newest run is first.",
    )  # fmt: skip
    @no_var_expand
    @line_magic
    def runs(self, line: str = "") -> RunsFrame:
        """Show the last runs of an experiment as a table; the result is a DataFrame.

        The filter needs no quotes around it. A param compares as a number when the value is one.

        Examples::

            %runs
            %runs accuracy > 0.9 and optimizer = adam -n 5
            %runs --sort accuracy
            %runs --sort val_loss asc -e churn
            %runs status = FAILED and started > 2026-01-31
            df = %runs lr <= 0.01
        """
        from mlmagic.views.runs_table import runs_frame

        options, condition = split_line(line)
        arguments = parse_line(self.runs.parser, "%runs", shlex.join(options))
        return runs_frame(condition, experiment=arguments.experiment, n=arguments.n, sort=arguments.sort)


def split_line(line: str) -> tuple[list[str], str]:
    """Divide the line of ``%runs`` into the words of its options, and the filter as it was written.

    >>> split_line("name = 'a  b' -n 5 and loss > -1 --sort loss asc")
    (['-n', '5', '--sort', 'loss asc'], "name = 'a  b' and loss > -1")
    """
    words = _WORD.findall(line)
    options: list[str] = []
    condition: list[str] = []
    while words:
        word = words.pop(0)
        if not _OPTION.fullmatch(word):
            condition.append(word)
            continue
        option, equals, value = word.partition("=")
        options.append(f"{option}={_unquoted(value)}" if equals else option)
        if option not in _WITH_VALUE:
            continue
        if not equals and words:
            options.append(_unquoted(words.pop(0)))
        if option == "--sort" and words and words[0].lower() in _DIRECTIONS:
            options[-1] += f" {words.pop(0).lower()}"
    return options, " ".join(condition)


def _unquoted(word: str) -> str:
    quote = word[:1]
    return word[1:-1] if len(word) > 1 and quote in {"'", '"', "`"} and word.endswith(quote) else word
