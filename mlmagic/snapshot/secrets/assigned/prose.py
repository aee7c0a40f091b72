"""Secrets in sentences and logs: ``the password is …``, ``token … was refused``, a name and its value in a row.

A value must stand out from the words around it: ``the password is wrong`` is not redacted.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.candidates import has_signs, looks_random, stands_out
from mlmagic.snapshot.secrets.names import ABROAD
from mlmagic.snapshot.secrets.words import is_made_of_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.snapshot.secrets.assigned.named import Span
    from mlmagic.snapshot.secrets.names import Verdict

_LONGEST_VALUE = 200
_LEAST_OF_A_KEY = 12
_LEAST_DIGITS = 3

# Matched in the lower-cased text, which has the same length.
_ABOUT = (
    r"(?:[ ](?:for|of|to|at|on|für|von|de|del|pour|для)[ ](?:the[ ]|user[ ])?"
    r"(?:'[^'\n]{1,100}'|\"[^\"\n]{1,100}\"|[^\s:]{1,60}(?<![.,;])))"
)
_IS = (
    r"(?:[ ](?:ist|is|was|are|has[ ]been|lautet|est|es|é|är)(?![^\W\d_])"
    r"(?:[ ](?:now|set[ ]to|changed[ ]to|reset[ ]to)){0,2}"
    r"|[ ](?:set|changed|reset)[ ]to|[ ]-)"
)
_OPENS = r"[ \t]{1,4}[\"'`]?(?=[^\s\"'`])"
# What connects a name and its value: a verb, whom it is for, or a user before a slash.
_TOLD = re.compile(
    rf"(?:{_ABOUT}{{0,2}}{_IS}[ ]?:?|{_ABOUT}{{1,2}}[ ]?:|[ ]?[:=]?[ ]{{1,4}}[^\s/]{{1,64}}[ ]/){_OPENS}"
)
_BESIDE = re.compile(
    r"(?:[ ](?![ \t|│┆┃║])|[ \t]*[|│┆┃║][ \t]*|[ \t]{2,40}|\t[ \t]{0,20}"
    rf"|,(?=[^\s,]{{1,{_LONGEST_VALUE}}}(?:\n|\Z)))(?=\S)"
)
# `API token:` and the token alone on the next line, or on the one after it; in a patch each line begins with its sign.
_ABOVE = re.compile(
    r"(?:[ ](?:is|are|was))?[ ]?[:=][ \t]{0,20}\r?\n(?:[ \t]{0,20}\r?\n)?[+-]?[ \t]{0,40}[\"'`]?"
    rf"(?=[^\s\"'`]{{1,{_LONGEST_VALUE}}}[\"'`]?[ \t]{{0,20}}(?:\r?\n|\Z))"
)
_BEGINS_A_ROW = re.compile(
    # also behind the number of the row of a printed frame and up to three columns
    r"(?:\A|\n|\\n|[|│┆┃║])[ \t]{0,20}:?\Z|(?:\A|\n|\\n)[ \t]{0,20}\d{1,9}[ \t]{2,40}(?:[^\s|]{1,40}[ \t]{2,40}){0,3}\Z"
)
_LONGEST_ROW = 160
# `Token: …`, `**Password:** …`, "- Password: `…`"
_LABELLED = re.compile(r"(?:\*{2}|__)?[ ]?:(?:\*{2}|__)?[ \t]{1,4}[\"'`]?(?=[^\s\"'`])")
_COLON = r"(?:[ ]?[:\uff1a]|[ ]?[是为])"
_ABROAD = re.compile(
    rf"(?<!\w)(?:{'|'.join(ABROAD)}){_ABOUT}{{0,2}}(?:{_IS}(?:{_COLON})?|{_COLON}|[ ]?=)"
    r"[ \t]{0,4}[\"'`]?(?=[^\s\"'`])"
)
_VALUE = re.compile(rf"(?:(?!\\[nr])[^\s\"'`|│┆┃║,;]){{1,{_LONGEST_VALUE}}}+")
_ENDS_A_PHRASE = ".,;:!?*_"
_ENDS_BOTH = "!?*_"


def spoken(text: str, lower: str, start: int, end: int, verdict: Verdict) -> Span | None:
    """Return the span of the secret that a sentence or row gives for the name from *start* to *end*.

    *lower* is the text in lower case.

    >>> text = "The password for ana is Tr0ub4dor&3, and the token is wrong."
    >>> text[slice(*spoken(text, text.lower(), 4, 12, "yes"))]
    'Tr0ub4dor&3'
    """
    told = _TOLD.match(lower, end)
    span = _value(text, told.end()) if told else None
    if span is not None and _stands_out(text[slice(*span)], verdict):
        return span
    above = _ABOVE.match(lower, end)
    span = _value(text, above.end()) if above else None
    if span is not None and _stands_out(text[slice(*span)], verdict):
        return span
    labelled = _LABELLED.match(lower, end)
    span = _value(text, labelled.end()) if labelled else None
    if labelled is not None and span is not None:
        is_marked = labelled[0].strip(" \t:") != ""
        judge = partial(_stands_out, verdict=verdict) if is_marked else _is_like_a_password
        if judge(text[slice(*span)]):
            return span
    beside = _BESIDE.match(text, end)
    span = _value(text, beside.end()) if beside else None
    if beside is None or span is None:
        return None
    value = text[slice(*span)]
    if beside[0] == " ":  # `login with pw …`, `wandb: api key …`
        is_key = lower[start:end].endswith(("key", "token"))
        is_long = not is_key or len(value) >= _LEAST_OF_A_KEY or _is_of_all_cases(value)
        is_one = (looks_random(value) and stands_out(value) and is_long) or _is_like_a_password(value)
    else:
        least = max(0, start - _LONGEST_ROW)
        is_one = _stands_out(value, verdict) and _BEGINS_A_ROW.search(text, least, start) is not None
    return span if is_one else None


def spoken_abroad(text: str, lower: str) -> Iterator[Span]:
    """Yield the spans of the secrets after a word for a password in another language."""
    for found in _ABROAD.finditer(lower):
        if (span := _value(text, found.end())) and stands_out(text[slice(*span)]):
            yield span


def _value(text: str, start: int) -> Span | None:
    found = _VALUE.match(text, start)
    if found is None:
        return None
    value = found[0].rstrip(_ENDS_A_PHRASE)
    # A sign that ends a word with a number may be the last of the password: `Summer2024!`.
    whole = found[0].rstrip("".join(set(_ENDS_A_PHRASE) - set(_ENDS_BOTH)))
    if not looks_random(value) and _is_like_a_password(whole):
        value = whole
    return (start, start + len(value)) if value else None


def _stands_out(value: str, verdict: Verdict) -> bool:
    return stands_out(value) and (verdict != "maybe" or looks_random(value) or _is_like_a_password(value))


def _is_of_all_cases(value: str) -> bool:
    return all(any(map(is_of, value)) for is_of in (str.isupper, str.islower, str.isdigit))


def _is_like_a_password(value: str) -> bool:
    """Return whether *value* has letters, digits and signs, and no sentence or tokenizer would write them so."""
    digits = sum(map(str.isdigit, value))
    return has_signs(value) and not is_made_of_words(value) and (digits >= _LEAST_DIGITS or has_signs(value[:-1]))
