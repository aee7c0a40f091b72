"""Find secrets by the name next to them: in code, files, sentences and tables, ``%env X_TOKEN=…``, ``--token …``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.assigned import yaml_blocks
from mlmagic.snapshot.secrets.assigned.cookies import in_cookies
from mlmagic.snapshot.secrets.assigned.forms.arguments import next_argument
from mlmagic.snapshot.secrets.assigned.forms.expressions import in_an_expression, returned
from mlmagic.snapshot.secrets.assigned.forms.records import in_a_record
from mlmagic.snapshot.secrets.assigned.forms.sql import in_sql
from mlmagic.snapshot.secrets.assigned.kubernetes import in_manifests
from mlmagic.snapshot.secrets.assigned.named import LONGEST_LOOK_BACK, Named
from mlmagic.snapshot.secrets.assigned.prose import spoken, spoken_abroad
from mlmagic.snapshot.secrets.assigned.python_code import in_code
from mlmagic.snapshot.secrets.assigned.settings_lines import Sections, unquoted
from mlmagic.snapshot.secrets.assigned.tables import Tables
from mlmagic.snapshot.secrets.assigned.unpacking import unpacked
from mlmagic.snapshot.secrets.assigned.xml_elements import in_xml
from mlmagic.snapshot.secrets.candidates import is_path, is_placeholder, is_plain, looks_random
from mlmagic.snapshot.secrets.names import ABROAD, is_abroad_in, is_word_abroad, secrecy, secrecy_of_many
from mlmagic.snapshot.secrets.words import is_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mlmagic.snapshot.secrets.assigned.named import Span
    from mlmagic.snapshot.secrets.names import Verdict

_LONGEST_CALL = 200
_LEAST_OF_A_PIN = 4

_NEEDLES = (
    *("passw", "passphrase", "passcode", "pw", "secret", "token", "cred", "key", "pass", "connection", "pat", "psk"),
    *("ookie", "identified"),
)
# Matched in the lower-cased text: searching with re.IGNORECASE takes six times as long.
_GIVEN = (
    r"\\{0,8}[\"']|[ \t]{0,20}(?:[\]:\uff1a=,>\u2192]|!=|->|<{1,2}[/-]|\*\*[ \t]?:|(?:not )?in[ \t]"
    r"|[)\]]{1,4}[ \t]{0,4}="
    r"|%[sr]|\{|\w{1,20}=)"
)
_TOLD = (
    r"[ ](?:is|was|are|has been|set|changed|reset|for|of|to|at|on|de|est|-)[ :]"
    r"|[ ](?=[^\s\d]{0,40}\d)|[ ]{1,4}[^\s/]{1,64}[ ]/"
)
_ABOVE_OR_BESIDE = r"[ \t]{0,40}(?:[|│┆┃║,;\t\r\n]|\\\n|\Z)|[ \t]{2}"
_NAME = re.compile(
    r"(?:pass|secret|token|cred|key|connection|p(?:w|at|sk)(?![a-ce-z]))[\w-]{0,40}+"
    rf"(?={_GIVEN}|{_TOLD}|{_ABOVE_OR_BESIDE})"
)
_NAME_ABROAD = re.compile(rf"(?:{'|'.join(ABROAD)})(?!\w)(?={_GIVEN})")
_SPACED = re.compile(
    r"(?P<before>--|%(?:set_)?env[ \t]+|\bENV[ \t]+)(?P<name>[A-Za-z_][\w-]{2,64}+)[ \t]+"
    r"(?:(?P<quote>\\{0,8}[\"'])(?P<quoted>[^\s\"'\\]{1,1000}+)(?P=quote)|(?P<value>[^\s\"'`;&|()\[\]{}\\=]++))"
)
_LOGIN = re.compile(r"login\([^()]*$")
_SPACED_TOKENS = ("api ", "access ", "auth ", "bearer ", "refresh ")
_SPACED_NAMES = ("api ", "access ", "secret ", "private ")  # "API key: …"


def assigned_secrets(text: str, words: Collection[str] = ()) -> list[Span]:
    """Return the span of each value in *text* that belongs to a secret's name, from left to right.

    *words* are known secrets that are words: they count only next to such a name.

    >>> text = 'login(password="hunter2", max_tokens=512)'
    >>> [text[start:end] for start, end in assigned_secrets(text)]
    ['hunter2']
    """
    lower = text.replace("\u0130", "I").lower()  # the one letter whose lower case is two characters
    is_abroad = is_abroad_in(lower)
    if not is_abroad and not any(needle in lower for needle in _NEEDLES):
        return []
    found = [
        *_assigned(text, lower, words, is_abroad=is_abroad),
        *_spaced(text),
        *(spoken_abroad(text, lower) if is_abroad else ()),
        *Tables(text).series(),
        *returned(text),
        *in_sql(text, lower),
        *in_cookies(text),
        *in_manifests(text),
    ]
    spans: list[Span] = []
    for span in sorted(found):
        if not spans or span[0] >= spans[-1][1]:
            spans.append(span)
    return spans


def _assigned(text: str, lower: str, words: Collection[str], *, is_abroad: bool) -> Iterator[Span]:
    for pattern in (_NAME, _NAME_ABROAD) if is_abroad else (_NAME,):
        done, sections, tables = 0, Sections(text), Tables(text)
        for found in pattern.finditer(lower):
            if found.start() < done:
                continue
            start, end = _name_start(text, found.start(), done), found.end()
            name = text[start:end]
            verdict: Verdict = _verdict(text, start, name)
            many = secrecy_of_many(name)
            if verdict == many == "no":
                continue
            spans = _beside(Named(text, start, end, verdict, many, words), sections)
            if not spans and is_name(name):  # some random strings end with `Pw`
                if verdict != "no" and (span := spoken(text, lower, start, end, verdict)):
                    spans = [span]
                elif verdict != "maybe":
                    yield from tables.column(start, end, many if verdict == "no" else verdict)
            for span in spans:
                if not _says(text[slice(*span)], name):
                    yield span
                done = max(done, span[1])


def _says(value: str, name: str) -> bool:
    """Return whether *value* only repeats the *name*: ``CLIENT_SECRET = ("client secret", …)``."""
    said, named = re.findall(r"[^\W_]+", value.lower()), re.findall(r"[^\W_]+", name.lower())
    return bool(said) and named[-len(said) :] == said


def _beside(named: Named, sections: Sections) -> Sequence[Span]:
    """Return the spans of the values that are assigned to the name, in any syntax."""
    text, start, end, verdict, many, _ = named
    if verdict != "no":
        if (items := unpacked(text, start, end)) is not None:
            return [span for span in items if named.judge(text[slice(*span)])]
        if (
            value := in_xml(named) or in_a_record(named) or next_argument(named) or in_an_expression(named)
        ) is not None:
            return [value]
    if (literals := in_code(named)) is not None:
        return literals
    if lines := yaml_blocks.below(text, start, end, verdict, many):
        return lines
    if verdict != "no" and not is_word_abroad(named.name) and (value := unquoted(named, sections)):
        return [value]
    return []


def _spaced(text: str) -> Iterator[Span]:
    """Yield the values that a space separates from their name: ``%env NAME value``, ``--name value``."""
    if "--" not in text and "env" not in text and "ENV" not in text:
        return
    for found in _SPACED.finditer(text):
        group = "value" if found["quoted"] is None else "quoted"
        value, verdict = found[group], secrecy(found["name"])
        if verdict == "no" or is_placeholder(value) or is_path(value) or (verdict == "weak" and is_plain(value)):
            continue
        if (verdict == "maybe" and not looks_random(value)) or (value.isdigit() and len(value) < _LEAST_OF_A_PIN):
            continue
        if found["before"].startswith("%") or any(c.isdigit() for c in value):  # "use --password to set it" is prose
            yield found.span(group)


def _name_start(text: str, found: int, least: int) -> int:
    start, least = found, max(least, found - LONGEST_LOOK_BACK)
    while start > least and (text[start - 1].isalnum() or text[start - 1] in "_-."):
        start -= 1
    # In a text with an escaped line break, such as JSON, the `n` of `\n` is not part of the name.
    if 0 < start < found and text[start - 1] == "\\" and text[start] in "nrt":
        start += 1
    return start


def _verdict(text: str, start: int, name: str) -> Verdict:
    if _is_api_key(text, start, name):
        return "yes"
    if name.lower() == "token" and text[max(0, start - 8) : start].lower().endswith(_SPACED_TOKENS):
        return "yes"
    is_of_a_query = name.lower() == "key" and text[max(0, start - 1) : start] in {"?", "&"}
    return "maybe" if is_of_a_query else secrecy(name)


def _is_api_key(text: str, start: int, name: str) -> bool:
    if name.lower() != "key":
        return False
    before = text[max(0, start - _LONGEST_CALL) : start]
    return before[-8:].lower().endswith(_SPACED_NAMES) or ("login(" in before and _LOGIN.search(before) is not None)
