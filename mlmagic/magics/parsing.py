"""Parses a magic's line; a typo gives a one-line error that says what is valid."""

from __future__ import annotations

import keyword
import re
import shlex
from itertools import takewhile
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from mlmagic.errors import UsageProblem
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Sequence

    from IPython.core.magic_arguments import MagicArgumentParser


_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|`[^`]*`|\S)+""")
_OPTION = re.compile(r"-+(?!inf\b|nan\b)[A-Za-z].*", re.DOTALL)
_DASHES = "-\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"
_HELP = {"--help", "-h"}
_QUOTES = ("'", '"')
_DIRECTIONS = {"--sort": {"asc", "desc"}, "--metric": {"min", "max", "minimum", "maximum"}}
"""Words that may follow an option's value as a part of it."""


def parse_line(parser: MagicArgumentParser, magic: str, line: str) -> Namespace:
    """Parse the arguments of *line* with a shell's quoting, without expansion.

    Raises
    ------
    UsageProblem
        If an option is unknown (the message names the nearest one), a value is invalid, or a quote is not closed.
    """
    return parse_words(parser, magic, line, words_of(magic, line))


def parse_words(
    parser: MagicArgumentParser, magic: str, line: str, words: list[str], *, instead: str = ""
) -> Namespace:
    """Parse the arguments of *line* as `parse_line` does, from *words* that were split in a different way.

    *instead* is what is probably meant by a word too many.
    """
    parser.allow_abbrev = False  # `options_first` cannot know whether an abbreviated option takes a value
    try:
        arguments, rest = parser.parse_known_args(words)
    except UsageError as error:
        raise UsageProblem(f"{magic} {line}".strip() + f": {error}. {magic}? shows all options.") from error
    options = [option for action in parser._actions for option in action.option_strings]
    if unknown := next((word for word in rest if word.startswith("-")), None):
        if unknown in _HELP:
            raise UsageProblem(f"{magic}? shows the help. The options are {', '.join(options)}.")
        hint = did_you_mean(unknown.partition("=")[0], options)
        raise UsageProblem(f"{magic} has no option {unknown!r}.{hint} It takes {', '.join(options)}.")
    for word in words:  # an editor may have made one dash of two
        if word[:1] in _DASHES[1:] and (meant := f"--{word.lstrip(_DASHES)}").partition("=")[0] in options:
            raise UsageProblem(f"{magic}: {word!r} begins with a dash that no option has: write {meant}")
    if rest:
        several = [action.metavar for action in parser._actions if not action.option_strings and action.nargs == "*"]
        if several and isinstance(several[0], str):  # argparse takes them in one piece only
            shown = " ".join(rest)
            raise UsageProblem(
                f"{magic}: {shown!r} is out of place. {instead}Write {several[0]} first, and quote values with spaces"
            )
        names = [action.dest for action in parser._actions if not action.option_strings]
        one = f"one {names[0] if names else 'option'}"
        most = f"{len(names)} words ({', '.join(names)})" if len(names) > 1 else one
        raise UsageProblem(
            f"{magic} takes no more than {most}, got {' '.join(rest)!r} as well. "
            f'{instead}Quote a name with spaces: {magic} "two words"'
        )
    return arguments


def options_first(words: list[str], with_value: Collection[str]) -> list[str]:
    """Move the options to the front, because argparse accepts the positional words only in one piece.

    *with_value* are the options that take a value. One that has none at the end of the line stays there.

    >>> options_first(["cfg", "--config-dir", "conf", "lr=1"], {"--config-dir"})
    ['--config-dir', 'conf', 'cfg', 'lr=1']
    >>> options_first(["cfg", "--config-dir"], {"--config-dir"})
    ['cfg', '--config-dir']
    """
    options, rest, unfinished = divided(words, with_value)
    return [*options, *rest, *unfinished]


def divided(words: list[str], with_value: Collection[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the options with their values, the positional words, and an option at the end that has no value yet."""
    options: list[str] = []
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if not _OPTION.fullmatch(word):
            rest.append(word)
        elif word not in with_value:
            options.append(word)
        elif left:
            options += [word, left.pop(0)]
        else:
            return options, rest, [word]
    return options, rest, []


def take_filter(line: str, option: str, with_value: Collection[str]) -> tuple[str, str | None]:
    """Take the filter after *option* off a magic's line; it needs no quotes, and ends where another option begins.

    *with_value* are the options that take a value.

    >>> take_filter("churn 3 --if accuracy > 0.9 and loss < 1 --to champion", "--if", {"--to"})
    ('churn 3 --to champion', 'accuracy > 0.9 and loss < 1')
    >>> take_filter('churn --if "accuracy > 0.9"', "--if", {}), take_filter("churn 3", "--if", {})
    (('churn', 'accuracy > 0.9'), ('churn 3', None))

    Raises
    ------
    UsageProblem
        If *option* is given twice.
    """
    words = list(_WORD.finditer(line))
    found = next((word for word in words if word.group().partition("=")[0] == option), None)
    if found is None:
        return line, None
    after = line[found.end() :] if found.group() == option else line[found.start() + len(option) + 1 :]
    options, condition = split_filter(after, with_value)
    if any(word.partition("=")[0] == option for word in options):
        raise UsageProblem(f"{option} is given twice: join the conditions by and")
    if _WORD.fullmatch(condition):
        condition = _unquoted(condition)
    return f"{line[: found.start()].rstrip()} {shlex.join(options)}".strip(), condition


def with_comma(line: str) -> str:
    """Write ``--on X y`` as ``--on X,y``: one word, as each option takes one.

    >>> with_comma("churn 3 --on X_test y_test --metric accuracy"), with_comma("churn --on X,y 3")
    ('churn 3 --on X_test,y_test --metric accuracy', 'churn --on X,y 3')
    """
    return re.sub(r"(--on[ =]+[^\s,]+)\s+(?![\d@-])([^\s,]+)", r"\1,\2", line)


def key_value(magic: str, word: str) -> tuple[str, str]:
    """Return key and value of ``KEY=VALUE``.

    Raises
    ------
    UsageProblem
        If it is something else.
    """
    key, equals, value = word.partition("=")
    if not equals or not key:
        raise UsageProblem(f"{magic} -t takes KEY=VALUE, got {word!r}. For example: -t team=vision")
    return key, value


def variable(name: str) -> str:
    """Return *name* if it is a valid variable name.

    Raises
    ------
    UsageProblem
        If it is not.
    """
    if name.isidentifier() and not keyword.iskeyword(name):
        return name
    raise UsageProblem(
        f"{name!r} is no name for a variable: letters, digits and _, a letter first, no word of Python's"
    )


def words_of(magic: str, line: str) -> list[str]:
    """Split *line* into words with a shell's quoting.

    Raises
    ------
    UsageProblem
        If a quote is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageProblem(
            f"{magic} {line}: {str(error).lower()}; close it, or write it within the other kind"
        ) from error


def expressions_in(magic: str, line: str) -> list[str]:
    """Split *line* into words that may be Python's: quotes and spaces within brackets stay, a quoted word is unquoted.

    Raises
    ------
    UsageProblem
        If a quote or a bracket is not closed.

    Examples
    --------
    >>> expressions_in("%evaluate", 'rf df[df["a b"] > 5] "y" --by "petal length" --run="my run"')
    ['rf', 'df[df["a b"] > 5]', 'y', '--by', 'petal length', '--run=my run']
    """
    words, word, depth, quote = [], "", 0, ""
    for sign in line:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in _QUOTES:
            quote = sign
        else:
            depth = max(depth + (sign in "([{") - (sign in ")]}"), 0)
        if sign.isspace() and not depth and not quote:
            words.append(word)
            word = ""
        else:
            word += sign
    if quote or depth:
        what = "quotation; close it, or write it within the other kind" if quote else "bracket; close it"
        raise UsageProblem(f"{magic} {line}: no closing {what}")
    return [_plain(one) for one in takewhile(lambda one: one != "#", (*words, word)) if one]  # a comment


def _plain(word: str) -> str:
    """Return a word, or an option's value, without the quotes around it."""
    option, equals, value = word.partition("=")
    if equals and _OPTION.fullmatch(option):
        return f"{option}={_plain(value)}"
    is_whole = word[:1] in _QUOTES and word.find(word[0], 1) == len(word) - 1
    return word[1:-1] if is_whole else word


def pair_in(text: str) -> tuple[str, str] | None:
    """Return the two expressions of ``X,y``, whose own commas stand within brackets; None if there are not two.

    >>> pair_in('df.drop(columns=["id", "y"]),df["y"]'), pair_in("X_test"), pair_in("X,")
    (('df.drop(columns=["id", "y"])', 'df["y"]'), None, None)
    """
    depth, parts = 0, [""]
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    found = tuple(part.strip() for part in parts)
    return found if len(found) == 2 and all(found) else None  # noqa: PLR2004  # the data and its targets


def require_values(magic: str, parser: MagicArgumentParser, words: Sequence[str]) -> None:
    """Require a value after each option that takes one, and no option twice that counts once.

    Raises
    ------
    UsageProblem
        If a value is missing, or an option is repeated.
    """
    actions = {option: action for action in parser._actions for option in action.option_strings}
    seen: dict[str, str] = {}
    for at, word in enumerate(words):
        option, equals, value = word.partition("=")
        action = actions.get(option)
        if action is None or action.nargs == 0:
            continue
        value = value if equals else next(iter(words[at + 1 :]), "")
        if not value or (not equals and _OPTION.fullmatch(value)):
            takes = action.metavar or action.dest.upper()
            raise UsageProblem(f"{magic} {option} takes a value: {option} {takes}. {action.help}")
        if action.dest in seen and type(action).__name__ == "_StoreAction":
            raise UsageProblem(f"{magic} takes one {option}, got two: {seen[action.dest]!r} and {value!r}")
        seen[action.dest] = value


def split_filter(line: str, with_value: Collection[str]) -> tuple[list[str], str]:
    """Split a magic's line into the words of its options, and the filter as it was written.

    *with_value* are the options that take a value.

    >>> split_filter("name = 'a  b' -n 5 and loss > -1 --sort loss asc", {"-n", "--sort"})
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
        if option not in with_value:
            continue
        if not equals and words:
            options.append(_unquoted(words.pop(0)))
        if words and words[0].lower() in _DIRECTIONS.get(option, ()):
            options[-1] += f" {words.pop(0).lower()}"
    return options, " ".join(condition)


def _unquoted(word: str) -> str:
    quote = word[:1]
    return word[1:-1] if len(word) > 1 and quote in {"'", '"', "`"} and word.endswith(quote) else word
