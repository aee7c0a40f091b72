"""Helpers of all views: rendering templates, and formatting numbers, durations and names."""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlmagic.session.interrupts import whole_imports
from mlmagic.store.query.direction import interval_ends as interval_ends  # noqa: PLC0414  # the tables' views read it here
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

MimeBundle = dict[str, str]
"""One representation for each MIME type, as ``IPython.display.display(raw=True)`` accepts it."""

ELLIPSIS = "…"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLANKS = re.compile(r"(?<=[:,])\s+|\s*([{};]|\s)\s*")
_STYLE = re.compile(r"(?<=<style>)[^<]*(?=</style>)")
_RULE = re.compile(r"([^{}]+)\{[^{}]*\}")
_VARIABLE = re.compile(r"(--mm-[\w-]+):[^;}]*;?")
_CLASSES = re.compile(r'class="([^"]*)"')
_TAGS = re.compile(r"<([a-z][a-z0-9]*)")
_IN_SELECTOR = re.compile(r"(?<![\w-])\.([\w-]+)"), re.compile(r"(?:^|[\s>+~])([a-z][a-z0-9]*)")
_ELSEWHERE = re.compile(r":(?:has|is|not|where)\(|\.jp-|\[data-|^@|^(?:html|body)\b|^:root")
_DIGITS_LEAST, _DIGITS_MOST, _DIGITS_APART = 4, 6, 7
_SCIENTIFIC_ABOVE = 1e6
_INTEGER_ABOVE = 1e15
_SIZE_ALIGNED_FROM = 1e-3
_LARGE_CHANGE = 100
_SECONDS = 60
_SECONDS_IN_MS, _SECONDS_IN_HUNDREDTHS = 0.0095, 9.995


@functools.cache
def environment() -> Environment:
    """Return the Jinja environment of the package's templates, with autoescape and strict undefined names."""
    with whole_imports():
        from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(number=number, duration=duration, shorten=shorten, clean=clean)
    return made


def _template(name: str) -> str | None:
    """Return the text of a template, None if there is none; styles are saved with every output, so they are compact."""
    file = resources.files("mlmagic.views") / "templates" / name
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    if not name.endswith(".css"):
        return text
    return _BLANKS.sub(lambda found: found[1] or "", _COMMENT.sub("", text)).strip()


def render(template: str, **values: Any) -> str:
    """Render the template with this file name; values are escaped, and styles that nothing in it has are left out.

    A page with a script keeps all of them, since the script adds elements.
    """
    html = environment().get_template(template).render(**values)
    if "<script" in html:
        return html
    seen: set[str] = set()
    return _STYLE.sub(lambda style: _once(_used(style[0], html), seen), html)


def _once(style: str, seen: set[str]) -> str:
    """Return the rules of *style* that are not in *seen*, and add them: a view within another has the same ones.

    >>> _once(".a{margin:0}.b{margin:1px}", {".a{margin:0}"})
    '.b{margin:1px}'
    """
    if "@" in style:  # the same rule may stand for a narrow page only
        return style
    rules = [rule[0].strip() for rule in _RULE.finditer(style)]
    new = [rule for rule in rules if rule not in seen]
    seen.update(rules)
    return "".join(new)


def _used(style: str, html: str) -> str:
    """Return the rules of *style* for classes and elements that are in *html*: every output of a notebook has its own.

    Variables that no rule uses are left out too.

    >>> _used(".card{margin:0}.card .up{color:red}.card a,.card b{color:blue}", '<div class="card"><b>x</b></div>')
    '.card{margin:0}.card a,.card b{color:blue}'
    >>> _used(".card{--mm-a:red;--mm-b:var(--mm-a);margin:0}", '<div class="card"></div>')
    '.card{margin:0}'
    """
    there = {name for names in _CLASSES.findall(html) for name in names.split()}, set(_TAGS.findall(html))

    def may_apply(selector: str) -> bool:
        parts = zip(_IN_SELECTOR, there, strict=True)
        return bool(_ELSEWHERE.search(selector)) or all(names.issuperset(one.findall(selector)) for one, names in parts)

    return _used_variables(
        _RULE.sub(lambda rule: rule[0] if any(map(may_apply, rule[1].strip().split(","))) else "", style)
    )


def _used_variables(style: str) -> str:
    fewer = _VARIABLE.sub(lambda one: one[0] if f"var({one[1]}" in style else "", style)
    return style if fewer == style else _used_variables(fewer)  # those in the value of an unused one may be unused too


def number(value: float) -> str:
    """Format *value* with four to six significant digits, or more if it would otherwise look like an integer.

    >>> [number(x) for x in (0.95614035, 1.2e-05, 42, 123456.789, float("nan"), float("-inf"))]
    ['0.9561', '1.2e-05', '42', '123456.8', 'nan', '-inf']
    >>> number(0.99999), number(0.9999999)
    ('0.99999', '0.9999999')
    """
    if not math.isfinite(value):
        return str(float(value))
    if value == int(value) and abs(value) < _INTEGER_ABOVE:
        return str(int(value))
    before_point = len(str(int(abs(value))))
    least = _DIGITS_LEAST if before_point < _DIGITS_LEAST else before_point + 1
    if abs(value) >= _SCIENTIFIC_ABOVE:
        least = _DIGITS_MOST
    for digits in range(least, max(least, _DIGITS_MOST) + 1):
        text = f"{value:.{digits}g}"
        rounded = float(text)
        if rounded != int(rounded) or abs(value) >= _SCIENTIFIC_ABOVE:
            return text
    return repr(float(value))


def numbers(values: Sequence[float]) -> list[str]:
    """Format a column of numbers with aligned decimals: as many digits as tell the values apart, up to seven.

    >>> numbers([0.9561, 0.95])
    ['0.9561', '0.9500']
    >>> numbers([0.95612, 0.95614])
    ['0.95612', '0.95614']
    >>> numbers([1e-05, 3, float("nan")])
    ['1e-05', '3', 'nan']
    >>> numbers([0.1 + 0.2, 0.3, 0.5])
    ['0.3000000', '0.3000000', '0.5000000']
    """
    distinct = {value for value in values if math.isfinite(value)}
    sizes = [abs(value) for value in distinct if value]
    # Decimals are aligned only for similar magnitudes, not for 1e-05 beside 3.
    alike = bool(sizes) and min(sizes) >= _SIZE_ALIGNED_FROM and max(sizes) < min(_SCIENTIFIC_ABOVE, 1e3 * min(sizes))
    if alike and not all(value == int(value) for value in distinct):
        fewest = max(_DIGITS_LEAST - 1 - math.floor(math.log10(max(sizes))), 1)
        most = fewest + _DIGITS_APART - _DIGITS_LEAST
        enough = (at for at in range(fewest, most) if len({f"{value:.{at}f}" for value in distinct}) == len(distinct))
        decimals = next(enough, most)
        return [f"{value:.{decimals}f}" if math.isfinite(value) else number(value) for value in values]
    if len({number(value) for value in distinct}) == len(distinct):
        return [number(value) for value in values]
    return [f"{value:.{_DIGITS_APART}g}" if math.isfinite(value) else number(value) for value in values]


def difference(value: float, previous: float) -> str:
    """Format the change from *previous* to *value* with its sign, or ``=`` if there is none.

    >>> difference(0.9561, 0.9438), difference(0.1, 0.3), difference(2, 2), difference(float("nan"), 0.5)
    ('+0.0123', '-0.2', '=', 'was 0.5')
    """
    if value == previous or (math.isnan(value) and math.isnan(previous)):
        return "="
    if not (math.isfinite(value) and math.isfinite(previous)):
        return f"was {number(previous)}"
    change = _difference_without_noise(value, previous)
    if not math.isfinite(change):
        return f"was {number(previous)}"
    if abs(change) < _LARGE_CHANGE:
        return f"{change:+.3g}"
    return f"{'+' if change > 0 else ''}{number(change)}"


def _difference_without_noise(value: float, previous: float) -> float:
    """Subtract in decimal: 0.3 - 0.1 is 0.2, not 0.19999999999999998."""
    from decimal import Decimal

    return float(Decimal(repr(float(value))) - Decimal(repr(float(previous))))


def duration(seconds: float | None) -> str:
    """Format a duration of *seconds* for a person; a dash if it is unknown.

    >>> [duration(x) for x in (0.004, 0.42, 59.96, 192, 7500, 180000)]
    ['4 ms', '0.42 s', '1 min 0 s', '3 min 12 s', '2 h 5 min', '2 d 2 h']
    """
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return "\N{EN DASH}"
    if seconds < _SECONDS_IN_MS:
        return f"{seconds * 1000:.2g} ms"
    if seconds < _SECONDS_IN_HUNDREDTHS:
        return f"{seconds:.2f} s"
    if round(seconds, 1) < _SECONDS:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), _SECONDS)
    if minutes < _SECONDS:
        return f"{minutes} min {left} s"
    hours, minutes = divmod(minutes, _SECONDS)
    days, hours_left = divmod(hours, 24)
    return f"{days} d {hours_left} h" if days else f"{hours} h {minutes} min"


def took(seconds: float | None, span: float | None) -> str:
    """Format the *seconds* in a run's cells, with the *span* from its start to its end if that looks different.

    >>> took(0.004, 21.5), took(0.004, None), took(0.004, 0.004)
    ('4 ms (over 21.5 s)', '4 ms', '4 ms')
    """
    in_cells, over = duration(seconds), duration(span)
    return in_cells if span is None or over == in_cells else f"{in_cells} (over {over})"


def shorten(text: object, limit: int = 60) -> str:
    """Clean *text*, and cut it to *limit* characters with an ellipsis.

    >>> shorten("abcdef", 4)
    'abc…'
    """
    line = clean(str(text)[: limit * 8])
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def pad(text: str, width: int) -> str:
    """Pad *text* with spaces to *width* terminal columns; an emoji or 漢 takes two columns.

    >>> pad("漢", 4) + "|", pad("ab", 4) + "|"
    ('漢  |', 'ab  |')
    """
    return text + " " * max(width - columns(text), 0)


def fit(text: object, width: int) -> str:
    """Clean *text*, and cut or pad it to *width* terminal columns.

    >>> fit("abcdef", 4) + "|", fit("漢字漢字", 6) + "|"
    ('abc…|', '漢字… |')
    """
    line = shorten(text, width)
    while columns(line) > width:
        line = line.removesuffix(ELLIPSIS)[:-1] + ELLIPSIS
    return pad(line, width)


def columns(text: str) -> int:
    """Return the number of terminal columns of *text*."""
    return sum(
        0 if unicodedata.combining(mark) else 2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text
    )


def web_address(url: str | None) -> str | None:
    """Return *url* if it is safe to link (http or https, with a host and without a password), else None.

    >>> web_address("https://example.org/#/runs/1")
    'https://example.org/#/runs/1'
    >>> web_address("javascript:alert(1)"), web_address("http://user:secret@example.org/")
    (None, None)
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return None
    return url
