"""Values without quotes beside a secret's name: in `.env` and `.ini` files, YAML, addresses, commands and logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mlmagic.snapshot.secret_names import could_be_secret, is_path, is_placeholder, looks_random
from mlmagic.snapshot.secret_words import is_common_word

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlmagic.snapshot.secret_names import Verdict

LONGEST_JUDGED = 1000
LONGEST_LOOK_BACK = 64
_LONGEST_LINE = 400
_MOST_LINES = 60
_LEAST_UNQUOTED = 6
_LEAST_LETTERS = 8

_AFTER = re.compile(r"(?P<space>[ \t]{0,20})(?P<separator>=(?![=~])|:(?![:/\\]))(?P<behind>[ \t]{0,20})")
_REST_OF_MAGIC = re.compile(rf"=[ \t]*(?P<value>(?:(?!\\[nr])[^\n\"]){{1,{LONGEST_JUDGED}}}+)")
_REST_OF_LINE = re.compile(rf"(?:(?!\\[nr])[^\n\r\"]){{1,{LONGEST_JUDGED}}}+")
_WORD = re.compile(rf"[^\s\"'`;&|()\[\]{{}}\\]{{1,{LONGEST_JUDGED}}}+(?=\s|$|[\\\"';&|)])")
_WORD_OF_A_LOG = re.compile(rf"(?:(?!\\[nr])[^\s\"'`]){{1,{LONGEST_JUDGED}}}+")
_ENDS_A_PHRASE = ".,;:!?)]}"
# Also after the sign of a list, a comment or a patch; `a + password: …` is none.
_ENTRY = re.compile(r"(?:(?:\A|\n|\\[nr])[ \t]{0,40}[+*]?[ \t]{0,20}|[{,(#\"'-][ \t]{0,40})\Z")
_LINE = re.compile(r"(?:\A|\n|\\[nr])[+-]?(?P<indent>[ \t]{0,40})(?:export[ \t]+)?\Z")
_IN_A_LIST_OF_PAIRS = re.compile(r"(?:[\w.-]{1,30}=[^\s,;()\"']{1,30}[ \t]{1,4}|[\"'])\Z")
_IN_A_LOG = re.compile(r"[^\s,({\[=][ \t]{1,4}\Z")
_ENV_MAGIC = re.compile(r"%(?:set_)?env[ \t]+$")
_ENV_COMMAND = re.compile(r"(?:\bexport|\bsetenv|\bENV|-e|--env)[ \t]+$")
_SECTION = re.compile(r"[ \t+-]{0,4}\[[\w .:/@\"-]{1,60}\][ \t\r]*\Z")
_SETTING = re.compile(r"[ \t+-]{0,40}(?:[#;]|[\w.@/ -]{1,60}[=:]|\Z)")
_PAIR = re.compile(r"[+-]?(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_]{0,60}=(?![\s=])[^,\n]{0,200}(?:\n|\Z)")
_CODE = re.compile(r"[A-Za-z_][\w.]*(?:[+*/%|&][A-Za-z_][\w.]*)*(?:[(\[].*)?,?")
_VOCABULARY = re.compile(
    r"(?:(?:my|the|your|our|get|load|read|new|old|db|user|api|app|auth|access|secret|private|token|key|password|passwd"
    r"|passphrase|pass|pwd|pw|name|value|cred|credentials?|s|config|settings|env|env_var|default|self|args|str)[_.]?){1,12}+",
    re.IGNORECASE,
)  # fmt: skip


class Sections:
    """Knows of which lines of a text the file is an ``.ini``: those below a ``[section]``, with nothing but settings.

    Asked from left to right it looks at each line once.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._asked, self._answer = -1, False

    def holds(self, start: int) -> bool:
        """Return whether the line that begins at *start* stands in a section."""
        answer, at = False, start
        for _ in range(_MOST_LINES):
            above = self._text.rfind("\n", max(0, at - 1 - _LONGEST_LINE), max(0, at - 1)) + 1
            if at == 0 or (above == 0 and at - 1 > _LONGEST_LINE):
                break
            line = self._text[above : at - 1]
            if _SECTION.match(line):
                answer = True
                break
            if not _SETTING.match(line):
                break
            if above == self._asked:
                answer = self._answer
                break
            at = above
        self._asked, self._answer = start, answer
        return answer


def begins_an_entry(text: str, start: int) -> bool:
    """Return whether a name at *start* begins a line, an entry of a list or mapping, or a comment."""
    return _ENTRY.search(text, max(0, start - LONGEST_LOOK_BACK), start) is not None


class Name(NamedTuple):
    """A secret's name, and where it stands in the text."""

    start: int
    end: int
    verdict: Verdict


def unquoted(text: str, name: Name, sections: Sections, words: Collection[str]) -> tuple[int, int] | None:
    """Return the span of the value that *name* gets, or None; *words* are known secrets."""
    start, end, _ = name
    before = text[max(0, start - LONGEST_LOOK_BACK) : start]
    if _ENV_MAGIC.search(before):
        match = _REST_OF_MAGIC.match(text, end)
        is_one = match and not is_placeholder(match["value"]) and not is_path(match["value"])
        return match.span("value") if match and is_one else None
    after = _AFTER.match(text, end)
    if after is None:
        return None
    line = _LINE.search(before)
    if line is not None and (setting := _setting(text, name, line, after, sections)):
        return setting
    choose = _after_equals if after["separator"] == "=" else _after_colon
    value = choose(text, name, after)
    word = _WORD.match(text, after.end())
    if value is None and word is not None and word[0] in words:
        value = word[0]
    return None if value is None else (after.end(), after.end() + len(value))


def _setting(
    text: str, name: Name, line: re.Match[str], after: re.Match[str], sections: Sections
) -> tuple[int, int] | None:
    """Return the span of the rest of the *line* that *name* begins, where the text is a file of settings."""
    begins = name.start - len(line[0].lstrip("\n"))
    is_tight = after[0] == "=" and not line["indent"]
    if not sections.holds(begins) and not (is_tight and _is_in_a_list_of_settings(text, begins)):
        return None
    rest = _REST_OF_LINE.match(text, after.end())
    value = rest[0].rstrip() if rest else ""
    if not could_be_secret(value, name.verdict) or _is_code(value, name.verdict):
        return None
    is_long = len(value) >= _LEAST_UNQUOTED or not value.isidentifier()
    return (after.end(), after.end() + len(value)) if is_long else None


def _after_equals(text: str, where: Name, after: re.Match[str]) -> str | None:
    start, name, verdict = where.start, text[where.start : where.end], where.verdict
    before = text[max(0, start - LONGEST_LOOK_BACK) : start]
    word = _WORD.match(text, after.end())
    if word is None or is_placeholder(word[0]) or is_path(word[0]):
        return None
    value = word[0]
    if after[0] != "=":  # `name = value`: without quotes code, but for what no name of a variable is
        is_random = looks_random(value) and not value.endswith(",") and "." not in value
        return value if is_random and begins_an_entry(text, start) else None
    is_pair = (verdict == "yes" or looks_random(value)) and _IN_A_LIST_OF_PAIRS.search(before)  # "host=db password=x"
    if is_pair or name.startswith("--") or before.endswith(("?", "&", ";")) or _ENV_COMMAND.search(before):
        return value
    line = _LINE.search(before)
    if (
        (verdict != "yes" and not looks_random(value))
        or len(value) < _LEAST_UNQUOTED
        or value.endswith(",")
        or _VOCABULARY.fullmatch(value)
    ):
        return None
    if name.isupper() or (line is not None and not line["indent"]):
        is_likely = _has_digit(value) or (len(value) >= _LEAST_LETTERS and not _CODE.fullmatch(value))
        # A word may be a variable: `API_KEY=key`.
        is_word = name.isupper() and value.isalpha() and not is_common_word(value)
        return value if is_likely or is_word else None
    return value if _has_digit(value) and _IN_A_LOG.search(before) else None


def _after_colon(text: str, name: Name, after: re.Match[str]) -> str | None:
    match = _WORD_OF_A_LOG.match(text, after.end())
    value = match[0].rstrip(_ENDS_A_PHRASE) if match else ""
    if len(value) < _LEAST_UNQUOTED or not could_be_secret(value, name.verdict):
        return None
    if not after["behind"] and not _has_digit(value):
        return None
    if _has_digit(value) or looks_random(value):
        return value if "(" not in value and "[" not in value else None
    ends = text[after.end() + len(value) : after.end() + len(value) + 2].lstrip(" \t\r")[:1] in {"", "\n"}
    # Else it may be a type or a word: `password: SecretStr`, `password: required`.
    is_likely = ends and len(value) >= _LEAST_LETTERS and value[0].islower() and not is_common_word(value)
    return value if is_likely and begins_an_entry(text, name.start) and not _VOCABULARY.fullmatch(value) else None


def _is_code(value: str, verdict: Verdict) -> bool:
    """Return whether *value* is a call, an item or a name that is made of the words for secrets."""
    return verdict != "yes" or ("(" in value and value.endswith(")")) or _VOCABULARY.fullmatch(value) is not None


def _is_in_a_list_of_settings(text: str, start: int) -> bool:
    """Return whether the line above or below is a ``NAME=value`` as well."""
    least = max(0, start - 1 - _LONGEST_LINE)
    above = text.rfind("\n", least, max(0, start - 1)) + 1 or least
    below = text.find("\n", start, start + _LONGEST_LINE + LONGEST_JUDGED) + 1
    return (start > 0 and _PAIR.match(text, above) is not None) or (below > 0 and _PAIR.match(text, below) is not None)


def _has_digit(value: str) -> bool:
    return any(c.isdigit() for c in value)
