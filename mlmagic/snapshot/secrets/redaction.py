"""The redaction that all written text passes through: it replaces what looks like a secret."""

from __future__ import annotations

import re
from functools import cache, lru_cache, partial
from operator import contains
from typing import TYPE_CHECKING, Any

from mlmagic.snapshot.secrets.assigned.assignments import assigned_secrets
from mlmagic.snapshot.secrets.candidates import could_be_secret, is_one_of_many, is_trivial
from mlmagic.snapshot.secrets.descriptions import describes, describes_its_path
from mlmagic.snapshot.secrets.encodings import values_of
from mlmagic.snapshot.secrets.key_ends import ends_of_keys
from mlmagic.snapshot.secrets.known_values import LEAST_TYPED, REDACTED, Known, known_values, learn, replace_value
from mlmagic.snapshot.secrets.names import secrecy, secrecy_of_many
from mlmagic.snapshot.secrets.rules.patterns import RULES
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlmagic.snapshot.secrets.rules.rule import Rule

_LONGEST_REMEMBERED = 4096
_LEAST_OF_A_LONG_TEXT = 16_384
_LEAST_OF_A_TOKEN = 16
_LONGEST_CUT = 256
_AT_ONCE = 1 << 20


def redact(text: str, *, keep_lines: bool = False) -> tuple[str, int]:
    """Replace every secret in *text* by ``<redacted>``; return the text and the number of secrets.

    Secrets are tokens of well-known services, private keys, passwords in URLs, literals assigned to a secret's name,
    matches of the setting ``secret_patterns``, values typed in prompts for a secret, and the current values of
    environment variables with a secret's name. A value that is detected here is a known secret from then on
    (`known_values.learn`). Redaction is idempotent: ``redact(redact(text)[0])`` changes nothing.

    With *keep_lines* a secret of several lines becomes as many lines, which keep their signs, as a patch requires.

    >>> redact('connect("postgresql://ana:hunter2@db/prod", api_key="abc")')
    ('connect("postgresql://<redacted>@db/prod", api_key="<redacted>")', 2)
    >>> redact("model.generate(max_tokens=512)")
    ('model.generate(max_tokens=512)', 0)
    """
    own = tuple(settings.secret_patterns)
    if len(text) < LEAST_TYPED and not own:
        return text, 0
    # A session writes the same cells, versions and names with every run. The cache key has all that affects the result.
    work = _redact_short if len(text) <= _LONGEST_REMEMBERED else _redact_long
    total = 0
    while True:
        text, count, judged = work(text, known_values(), own, keep_lines)
        total += count
        if not learn(judged):
            return text, total


def _redact_long(text: str, known: Known, own: tuple[str, ...], keep_lines: bool) -> tuple[str, int, tuple[str, ...]]:
    """Return *text* without secrets, the number of secrets, and the values of those that were not known before."""
    total = 0
    judged: list[str] = []
    hide = _hide_line_by_line if keep_lines else _hide
    # Redacting one secret may expose the start of the next; the rest of the text only shrinks, so this terminates.
    while True:
        clean, count = _redact_once(text, known, own, hide, judged)
        if clean == text:
            return text, total, tuple(dict.fromkeys(judged))
        text, total = clean, total + count


_redact_short = lru_cache(maxsize=8192)(_redact_long)


def knowledge() -> tuple[object, ...]:
    """Return all that `redact` depends on besides the text: while it is equal, equal texts give equal results."""
    return known_values(), tuple(settings.secret_patterns)


def redact_value(key: str, value: Any) -> tuple[Any, int]:
    """Redact the *value* of *key*, including secrets that only the key's name reveals.

    Dicts, lists and tuples are traversed, and returned as plain dicts, lists and tuples.

    >>> redact_value("optimizer", {"lr": 0.1, "api_key": "q7w1", "max_tokens": "512"})
    ({'lr': 0.1, 'api_key': '<redacted>', 'max_tokens': '512'}, 1)
    """
    redactor = Redactor()
    return redactor.value(key, value), redactor.count


class Redactor:
    """Redact many texts and values, and count the secrets of all of them.

    >>> redactor = Redactor()
    >>> redactor("password = 'hunter2'"), redactor.count
    ("password = '<redacted>'", 1)
    """

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, text: str) -> str:
        """Return *text* without its secrets, as `redact` does."""
        text, count = redact(text)
        self.count += count
        return text

    def value(self, key: str, value: Any) -> Any:
        """Return *value* without its secrets, as `redact_value` does."""
        if isinstance(value, dict):
            return self._mapping(key, value)
        if isinstance(value, list):
            return [self.value(key, inner) for inner in value]
        if isinstance(value, tuple):
            return tuple(self.value(key, inner) for inner in value)
        if _is_secret(key, value):
            return self._hidden(value)
        return self(value) if isinstance(value, str) else value

    def _hidden(self, value: Any) -> str:
        self.count += 1
        learn(values_of(_text(value)))
        return REDACTED

    def _mapping(self, key: str, value: dict[Any, Any]) -> dict[Any, Any]:
        """Return a plain dict; of two keys that are secrets, the second becomes ``<redacted> 2``."""
        clean: dict[Any, Any] = {}
        many, keys = secrecy_of_many(key), [name for name in value if isinstance(name, str)]
        for name, inner in value.items():
            shown = name_shown = self(name) if isinstance(name, str) else name
            number = 1
            while name_shown != name and (name_shown in clean or name_shown in value):
                number += 1
                name_shown = f"{shown} {number}"
            is_one = isinstance(inner, str) and is_one_of_many(str(name), inner, many)
            clean[name_shown] = self._hidden(inner) if is_one else self._under(str(name), inner, keys)
        return clean

    def _under(self, name: str, value: Any, keys: list[str]) -> Any:
        """Return *value* without its secrets; *name* is one of the *keys* of a mapping."""
        is_label = isinstance(value, str) and describes(value, keys) and value not in known_values().words
        return self(value) if is_label else self.value(name, value)


def _is_secret(key: str, value: Any) -> bool:
    verdict = secrecy(key)
    if isinstance(value, bool) or not isinstance(value, str | bytes | int) or verdict == "no":
        return False
    text = _text(value)
    if isinstance(value, int):
        return verdict == "yes" and not is_trivial(text)
    if text in known_values().words:
        return True
    return could_be_secret(text, verdict) and not (isinstance(value, str) and describes_its_path(key, text))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _redact_once(
    text: str, known: Known, own: tuple[str, ...], hide: Callable[[str], str], judged: list[str]
) -> tuple[str, int]:
    text, total = _without_known(text, known.anywhere, known, hide)
    for pattern in _compiled(own):
        text, count = _outside_of_redactions(pattern, text, hide)
        total += count
    for rule in _likely(text):
        spans = [span for match in rule.pattern.finditer(text) if (span := _secret(rule, match))]
        for start, end in spans:
            judged += values_of(rule.value(text[start:end]) if rule.value else text[start:end])
        text = _without(text, spans, hide)
        total += len(spans)
    spans = list(ends_of_keys(text))
    for start, end in spans:
        judged += values_of(text[start:end])
    text, total = _without(text, spans, hide), total + len(spans)
    spans = assigned_secrets(text, known.words)
    for start, end in spans:
        judged += values_of(text[start:end])
    text, count = _without_known(_without(text, spans, hide), known.learned, known, hide)
    return text, total + len(spans) + count


def _without_known(text: str, values: Sequence[str], known: Known, hide: Callable[[str], str]) -> tuple[str, int]:
    total = 0
    for value in values:
        if value in text:
            text, count = replace_value(text, value, hide(value), alone=value in known.alone)
            total += count
    return text, total


def _likely(text: str) -> Iterator[Rule]:
    """Yield the rules that may match *text*; in a long text, those of tokens are tried on its long words only."""
    if len(text) < _LEAST_OF_A_LONG_TEXT:
        words, has_needle = text, True
    else:
        words = _long_words(text)
        has_needle = _any_needle_of_a_token().search(words) is not None
    in_text, in_words = cache(partial(contains, text)), cache(partial(contains, words))
    for rule in RULES:
        if not rule.needles:
            is_likely = rule.pattern.search(text if rule.spaced else words) is not None
        elif rule.spaced:
            is_likely = any(map(in_text, rule.needles))
        else:
            is_likely = has_needle and any(map(in_words, rule.needles))
        if is_likely:
            yield rule


@lru_cache(maxsize=1)
def _any_needle_of_a_token() -> re.Pattern[str]:
    """Return one pattern of all needles of tokens; in a text without any it is twice as fast as one search for each."""
    rests: dict[str, list[str]] = {}
    for needle in sorted({needle for rule in RULES if not rule.spaced for needle in rule.needles}):
        rests.setdefault(needle[0], []).append(re.escape(needle[1:]))
    # One branch per first letter, so that the branches of other letters are skipped fast.
    return re.compile("|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in rests.items()))


def _long_words(text: str) -> str:
    """Return the distinct words of *text* that are long enough for a token, one per line."""
    words: set[str] = set()
    for start in range(0, len(text), _AT_ONCE):
        # A word that is cut at the end of a part is whole in the next one, or long enough in both.
        part = text[max(0, start - _LONGEST_CUT) : start + _AT_ONCE]
        words.update([word for word in part.split() if len(word) >= _LEAST_OF_A_TOKEN])
    return "\n".join(words)


def _secret(rule: Rule, match: re.Match[str]) -> tuple[int, int] | None:
    start, end = match.end(1) if match.re.groups else match.start(), match.end()
    is_one = start < end and (rule.accepts is None or rule.accepts(match.string[start:end]))
    return (start, end) if is_one else None


def _hide(_: str) -> str:
    return REDACTED


def _hide_line_by_line(secret: str) -> str:
    first, *rest = secret.split("\n")
    signs = [line[0] if line[:1] in {"+", "-", " "} else "" for line in rest]
    return "\n".join([_hide(first), *(line and f"{sign}{REDACTED}" for sign, line in zip(signs, rest, strict=True))])


def _without(text: str, spans: Sequence[tuple[int, int]], hide: Callable[[str], str]) -> str:
    if not spans:
        return text
    pieces, kept_to = [], 0
    for start, end in spans:
        pieces += [text[kept_to:start], hide(text[start:end])]
        kept_to = end
    return "".join([*pieces, text[kept_to:]])


def _outside_of_redactions(pattern: re.Pattern[str], text: str, hide: Callable[[str], str]) -> tuple[str, int]:
    """Replace the matches of a user's *pattern*, but not within earlier redactions, which it may match too."""
    found = [
        match.span()
        for match in pattern.finditer(text.replace(REDACTED, "\0" * len(REDACTED)) if REDACTED in text else text)
        if match[0].strip("\0\n")
    ]
    return _without(text, found, hide), len(found)


@lru_cache(maxsize=8)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Compile the user's patterns. The setting was validated, but its list may have been mutated since."""
    found = []
    for pattern in patterns:
        try:
            found.append(re.compile(pattern))
        except (re.error, TypeError, OverflowError, RecursionError):
            continue  # reported by `problems`
    return tuple(found)


def problems() -> list[str]:
    """Return the problems that limit the detection of secrets, one line each."""
    asked = tuple(settings.secret_patterns)
    if len(_compiled(asked)) == len(asked):
        return []
    problem = "a pattern in MLMagic.secret_patterns is no valid regular expression and was ignored"
    return [f"{problem}; set the whole list to see which"]
