"""Parsing a magic's line, so that a typo gives one line that says what is valid."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from mlmagic.errors import UsageProblem, did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace

    from IPython.core.magic_arguments import MagicArgumentParser


def parse_line(parser: MagicArgumentParser, magic: str, line: str) -> Namespace:
    """Return the arguments of *line*, with a shell's quoting and nothing expanded.

    Raises
    ------
    UsageProblem
        For an unknown option (the nearest one is named), a wrong value, or a quote that is not closed.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageProblem(
            f"{magic} {line}: {str(error).lower()}; close it, or write it within the other kind"
        ) from error
    try:
        arguments, rest = parser.parse_known_args(words)
    except UsageError as error:
        raise UsageProblem(f"{magic} {line}: {error}. {magic}? shows all options.") from error
    if rest:
        options = [option for action in parser._actions for option in action.option_strings]
        unknown = next((word for word in rest if word.startswith("-")), None)
        if unknown is not None:
            hint = did_you_mean(unknown.partition("=")[0], options)
            raise UsageProblem(f"{magic} has no option {unknown!r}.{hint} It takes {', '.join(options)}.")
        raise UsageProblem(
            f"{magic} takes no more than one name, got {' '.join(rest)!r} as well. "
            f'Quote a name with spaces: {magic} "two words"'
        )
    return arguments
