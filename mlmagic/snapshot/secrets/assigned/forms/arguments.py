"""Literals after a secret's name as an argument: ``setenv("API_TOKEN", "…")``, ``("password", "…")``, ``fill``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.candidates import could_be_one_of_many, has_signs, looks_random
from mlmagic.snapshot.secrets.descriptions import is_description
from mlmagic.snapshot.secrets.words import is_made_of_words

if TYPE_CHECKING:
    from mlmagic.snapshot.secrets.assigned.named import Named, Span

_REACH = 200
_MOST_DIGITS_OF_A_NAME = 2
_QUOTE = r"\\{0,8}[\"']"
_LITERAL = rf"[rbfuRBFU]{{0,2}}(?P<quote>{_QUOTE})(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\\n])){{1,1000}}+)(?P=quote)"
_NEXT = re.compile(rf"{_QUOTE}\s{{0,40}},\s{{0,40}}{_LITERAL}(?P<last>\s{{0,40}},?\s{{0,40}}\))?")
# Functions that store what follows the name.
_STORES = (
    r"(?:setattr|(?:set|put|add|create|update|store|write|save|replace)(?:_?(?:env|default|item|secret|option|property"
    r"|config|conf|value|variable|parameter|password|credential|header|key))?|putenv|option|config|conf|property|assign"
    r"|__setitem__|__setattr__|set\w{0,20}(?:Secret|Property|Option|Env|Value)|putString|setString)"
)
_STORED = re.compile(rf"(?<![A-Za-z]){_STORES}\((?:[^()]{{0,120}},)?\s{{0,40}}[rbfu]?{_QUOTE}\Z", re.IGNORECASE)
_TUPLE = re.compile(r"(?:\A|[\s\[,(={])\(\s{0,8}[rbfu]?\\{0,8}[\"']\Z")
_USER_BESIDE = re.compile(r"\([\"'](?:user|username|user_?name|login|email|host|account)[\"'],", re.IGNORECASE)
# A browser that fills in a form: `find_element("password").send_keys("…")`, `page.fill("#password", "…")`.
_TYPED_INTO = re.compile(r"\.(?:fill|type|input_text|send_keys|press_sequentially)\([^()\n]{0,120}\Z")
_TYPES = re.compile(
    rf"(?:{_QUOTE}\])?[^\s()\n]{{0,20}}{_QUOTE}[ \t]{{0,4}}\)\s{{0,20}}"
    rf"\.(?:send_keys|sendKeys|fill|type|set_value|press_sequentially)\(\s{{0,20}}{_LITERAL}"
)
_TYPES_INTO = re.compile(rf"[^\s,()\n]{{0,20}}{_QUOTE}[ \t]{{0,4}},[ \t]{{0,4}}{_LITERAL}")


def next_argument(named: Named) -> Span | None:
    """Return the span of the literal that is the argument after the quoted name, if it is a secret."""
    text, start, end = named.text, named.start, named.end
    if named.verdict == "no" or not text.startswith(("'", '"', "\\", "]", ")"), end):
        return None
    least = max(0, start - _REACH)
    found = _typed(named, least)
    if found is not None:
        return found.span("value") if named.judge(found["value"]) else None
    found = _NEXT.match(text, end)
    if found is None or named.verdict == "maybe":  # a `token` is judged like any other word after a comma
        return None
    value = found["value"]
    if _STORED.search(text, least, start):
        is_one = could_be_one_of_many(value, named.verdict) and not _says_more(value)
    elif found["last"] and _TUPLE.search(text, max(0, start - 16), start):
        is_one = could_be_one_of_many(value, named.verdict) and (
            _is_a_word_with_digits(value) or has_signs(value) or _USER_BESIDE.search(text, least, start) is not None
        )
    else:
        is_one = has_signs(value) or looks_random(value)
    return found.span("value") if is_one else None


def _typed(named: Named, least: int) -> re.Match[str] | None:
    """Return the match of the text that code types into the form's field of this name."""
    if found := _TYPES.match(named.text, named.end):
        return found
    if _TYPED_INTO.search(named.text, least, named.start):
        return _TYPES_INTO.match(named.text, named.end)
    return None


def _is_a_word_with_digits(value: str) -> bool:
    """Return whether *value* is letters and digits, and more digits than the names of columns and layers have."""
    digits = sum(map(str.isdigit, value))
    return value.isalnum() and digits > 0 and (digits > _MOST_DIGITS_OF_A_NAME or not is_made_of_words(value))


def _says_more(value: str) -> bool:
    """Return whether *value* is a sentence, such as a help text that a form sets for the field of this name."""
    return " " in value and is_description(value)
