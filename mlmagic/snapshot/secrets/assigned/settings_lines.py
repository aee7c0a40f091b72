"""Unquoted values next to a secret's name: in `.env` and `.ini` files, YAML, URLs, commands and logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.assigned.named import LONGEST_LOOK_BACK
from mlmagic.snapshot.secrets.candidates import could_be_secret, has_signs, looks_random, stands_out
from mlmagic.snapshot.secrets.words import is_common_word, is_made_of_words

if TYPE_CHECKING:
    from mlmagic.snapshot.secrets.assigned.named import Named, Span
    from mlmagic.snapshot.secrets.names import Verdict

LONGEST_JUDGED = 1000
_LONGEST_LINE = 400
_MOST_LINES = 60
_LEAST_UNQUOTED = 6
_LEAST_LETTERS = 8
_LONGEST_REPR = 240

_AFTER = re.compile(r"(?P<space>[ \t]{0,20})(?P<separator>=(?![=~>])|:(?![:/\\=])|\uff1a)(?P<behind>[ \t]{0,20})")
_ARROW = re.compile(r"\\{0,8}[\"']?[ \t]{0,20}(?:->|=>|:=|\u2192)[ \t]{0,20}")
_REST_OF_MAGIC = re.compile(rf"=[ \t]*(?P<value>(?:(?!\\[nr])[^\n\"]){{1,{LONGEST_JUDGED}}}+)")
_REST_OF_LINE = re.compile(rf"(?:(?!\\[nr])[^\n\r\"]){{1,{LONGEST_JUDGED}}}+")
_REST_OF_A_VARIABLE = re.compile(
    rf"(?!\$\()(?P<value>(?:(?!\\[nr])[^\s\"'`]){{6,{LONGEST_JUDGED}}}+)[ \t]*(?:#[^\n]*)?(?=\r?\n|\Z|\\[nr])"
)
_CALL = re.compile(r"[A-Za-z_][\w.]*[(\[](?:.*[)\]],?)?")
_WORD = re.compile(rf"[^\s\"'`;&|()\[\]{{}}\\]{{1,{LONGEST_JUDGED}}}+(?=\s|$|[\\\"';&|)])")
_WORD_OF_A_LOG = re.compile(rf"(?:(?!\\[nr])[^\s\"'`]){{1,{LONGEST_JUDGED}}}+")
_ENDS_A_PHRASE = ".,;:!?)]}"
# Also after the sign of a list, a comment or a patch; `a + password: …` is none.
_ENTRY = re.compile(r"(?:(?:\A|\n|\\[nr])[ \t]{0,40}[+*]?[ \t]{0,20}|[{,(#\"'-][ \t]{0,40})\Z")
_LINE = re.compile(r"(?:\A|\n|\\[nr])[+-]?(?P<indent>[ \t]{0,40})(?:export[ \t]+)?\Z")
_IN_A_LIST_OF_PAIRS = re.compile(r"(?:[\w.-]{1,30}=[^\s,;()\"']{1,30}[ \t]{1,4}|[\"'])\Z")
_IN_A_REPR = re.compile(r"\b[A-Z]\w{0,60}\([^()\n\"']{0,200},[ \t]\Z|\b[A-Z]\w{0,60}\(\Z")
_IN_A_LOG = re.compile(r"[^\s,({\[=][ \t]{1,4}\Z")
_ENV_MAGIC = re.compile(r"%(?:set_)?env[ \t]+$")
_ENV_COMMAND = re.compile(
    r"(?:\bexport|\bsetenv|\bENV|-e|--env"
    r"|[ \t](?:-v|-var|-d|-D|-F|--(?:var|set(?:-string)?|build-arg|from-literal|data|form)))"
    r"(?:[ \t]+|=)[\"']?$|[ \t]-D$"
)
_SECTION = re.compile(r"[ \t+-]{0,4}\[[\w .:/@\"-]{1,60}\][ \t\r]*\Z")
_SETTING = re.compile(r"[ \t+-]{0,40}(?:[#;]|[\w.@/ -]{1,60}[=:]|\Z)")
_PAIR = re.compile(r"[+-]?(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_]{0,60}=(?![\s=])[^,\n]{0,200}(?:\n|\Z)")
_CODE = re.compile(r"[A-Za-z_][\w.]*(?:[+*/%|&][A-Za-z_][\w.]*)*(?:[(\[].*)?,?")
_EXPRESSION = re.compile(r"[A-Za-z_][\w.]*(?:[+*/%|&][A-Za-z_][\w.]*)*")
_VOCABULARY = re.compile(
    r"(?:(?:my|the|your|our|get|load|read|new|old|db|user|api|app|auth|access|secret|private|token|key|password|passwd"
    r"|passphrase|pass|pwd|pw|name|value|cred|credentials?|s|config|settings|env|env_var|default|self|args|str)[_.]?){1,12}+",
    re.IGNORECASE,
)  # fmt: skip


class Sections:
    """Finds the lines of a text that are in an ``.ini`` section: below a ``[section]``, with only settings between.

    If it is queried from left to right, it reads each line once.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._asked, self._answer = -1, False

    def holds(self, start: int) -> bool:
        """Return whether the line that begins at *start* is in a section."""
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


def unquoted(named: Named, sections: Sections) -> Span | None:
    """Return the span of the unquoted value of the name, or None."""
    text, end, verdict, before = named.text, named.end, named.verdict, named.before
    if _ENV_MAGIC.search(before):
        match = _REST_OF_MAGIC.match(text, end)
        is_one = match and could_be_secret(match["value"], "weak" if verdict == "weak" else "yes")
        return match.span("value") if match and is_one else None
    if (arrow := _ARROW.match(text, end)) is not None:
        return _behind_an_arrow(text, arrow.end(), verdict)
    after = _AFTER.match(text, end)
    if after is None:
        return None
    line = _LINE.search(before)
    if line is not None:
        setting = _setting(named, line, after, sections) or _variable(named, after)
        if setting:
            return setting
    choose = _after_equals if after["separator"] == "=" else _after_colon
    value = choose(named, after)
    word = _WORD.match(text, after.end())
    if value is None and word is not None and word[0] in named.words:
        value = word[0]
    return None if value is None else (after.end(), after.end() + len(value))


def _setting(named: Named, line: re.Match[str], after: re.Match[str], sections: Sections) -> Span | None:
    """Return the span of the rest of the *line* that the name begins, if the text is a settings file."""
    text, begins = named.text, named.start - len(line[0].lstrip("\n"))
    is_tight = after[0] == "=" and not line["indent"]
    if not sections.holds(begins) and not (is_tight and _is_in_a_list_of_settings(text, begins)):
        return None
    rest = _REST_OF_LINE.match(text, after.end())
    value = rest[0].rstrip() if rest else ""
    if value.startswith("'") or not could_be_secret(value, named.verdict) or _is_code(value, named.verdict):
        return None  # literals were judged before
    is_long = len(value) >= _LEAST_UNQUOTED or not value.isidentifier()
    return (after.end(), after.end() + len(value)) if is_long else None


def _variable(named: Named, after: re.Match[str]) -> Span | None:
    """Return the span of the rest of the line that the name begins, if it is an environment variable, in capitals."""
    rest = _REST_OF_A_VARIABLE.match(named.text, after.end()) if after["separator"] == "=" else None
    if rest is None or not named.name.isupper():
        return None
    value, is_spaced = rest["value"], after[0] != "="
    if (
        not could_be_secret(value, named.verdict)
        or is_made_of_words(value)
        or _VOCABULARY.fullmatch(value.rstrip("_0123456789"))
    ):
        return None
    if _CALL.fullmatch(value) or (_EXPRESSION.fullmatch(value) and not value.isidentifier()):
        return None
    if is_spaced and _CODE.fullmatch(value) and not value.isidentifier():
        return None
    is_likely = _has_digit(value) if value.isidentifier() or not is_spaced else any(map(str.isalpha, value))
    return rest.span("value") if is_likely else None


def _behind_an_arrow(text: str, start: int, verdict: Verdict) -> Span | None:
    match = _WORD_OF_A_LOG.match(text, start)
    value = match[0].rstrip(_ENDS_A_PHRASE) if match else ""
    is_one = stands_out(value) and (verdict != "maybe" or looks_random(value))
    return (start, start + len(value)) if is_one else None


def _after_equals(named: Named, after: re.Match[str]) -> str | None:
    text, start, verdict, name, before = named.text, named.start, named.verdict, named.name, named.before
    word = _WORD.match(text, after.end())
    if word is None or not could_be_secret(word[0], "weak" if verdict == "weak" else "yes"):
        return None
    value, is_sure = word[0], verdict in {"weak", "yes"}
    if after[0] != "=":  # `name = value`: unquoted, it is code, unless the value cannot be the name of a variable
        is_random = looks_random(value) and not value.endswith(",") and "." not in value
        return value if is_random and begins_an_entry(text, start) else None
    if (passed := _passed(named, value)) is not None:
        return passed
    line = _LINE.search(before)
    if (
        (not is_sure and not looks_random(value))
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


def _passed(named: Named, value: str) -> str | None:
    """Return *value* if a command, an address, a list of pairs or a printed object passes it."""
    before, start = named.before, named.start
    is_random = looks_random(value) or has_signs(value)
    is_likely = named.verdict in {"weak", "yes"} or is_random
    if is_likely and (_IN_A_LIST_OF_PAIRS.search(before) or before.endswith(("?", "&", ";"))):  # "host=db password=x"
        return value
    if named.name.startswith("--") or _ENV_COMMAND.search(before):
        return value
    # `Credentials(username=ana, password=…)`
    is_printed = is_random and "." not in value and _IN_A_REPR.search(named.text, max(0, start - _LONGEST_REPR), start)
    return value.rstrip(",") if is_printed else None


def _after_colon(named: Named, after: re.Match[str]) -> str | None:
    text = named.text
    match = _WORD_OF_A_LOG.match(text, after.end())
    value = match[0].rstrip(_ENDS_A_PHRASE) if match else ""
    if len(value) < _LEAST_UNQUOTED or not could_be_secret(value, named.verdict):
        return None
    if not after["behind"] and not _has_digit(value):
        return None
    if _has_digit(value) or looks_random(value):
        return value if "(" not in value and "[" not in value and not _is_a_type(value, named.name) else None
    ends = text[after.end() + len(value) : after.end() + len(value) + 2].lstrip(" \t\r")[:1] in {"", "\n"}
    # Else it may be a type or a word: `password: SecretStr`, `password: required`.
    is_likely = ends and len(value) >= _LEAST_LETTERS and value[0].islower() and not is_common_word(value)
    return value if is_likely and begins_an_entry(text, named.start) and not _VOCABULARY.fullmatch(value) else None


def _is_a_type(value: str, name: str) -> bool:
    """Return whether *value* is a class that is named like its *name*: ``private_key: Ed25519PrivateKey``."""
    last = name.rpartition("_")[2].lower()
    return value.replace(".", "").isidentifier() and not last.startswith("pass") and last in value.lower()


def _is_code(value: str, verdict: Verdict) -> bool:
    """Return whether *value* is a call, a subscript or a name that is made of the words for secrets."""
    return verdict == "maybe" or _CALL.fullmatch(value) is not None or _VOCABULARY.fullmatch(value) is not None


def _is_in_a_list_of_settings(text: str, start: int) -> bool:
    """Return whether the line above or below is a ``NAME=value`` as well."""
    least = max(0, start - 1 - _LONGEST_LINE)
    above = text.rfind("\n", least, max(0, start - 1)) + 1 or least
    below = text.find("\n", start, start + _LONGEST_LINE + LONGEST_JUDGED) + 1
    return (start > 0 and _PAIR.match(text, above) is not None) or (below > 0 and _PAIR.match(text, below) is not None)


def _has_digit(value: str) -> bool:
    return any(c.isdigit() for c in value)
