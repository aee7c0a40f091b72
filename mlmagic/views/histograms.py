"""Small overlaid histograms of two samples as inline SVG: no library, and readable on light and dark pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 132.0, 30.0
_GAP = 0.25
# Attributes, which stay where a page removes styles.
_REFERENCE = 'fill="#3b7dd8" opacity="0.45"'
_CURRENT = "#d9730d"


def histogram_svg(reference: Sequence[float], current: Sequence[float], *, are_levels: bool) -> Markup:
    """Return both samples in one picture: the reference filled, the current rows as a line; of levels, pairs of bars.

    Empty samples give an empty text. The shares are numbers, so nothing in the picture needs to be escaped.

    >>> print(histogram_svg([0.5, 0.5], [0.1, 0.9], are_levels=False)[:59])
    <svg class="hist" viewBox="0 0 132 30" width="132" height="
    >>> histogram_svg([], [], are_levels=True)
    Markup('')
    """
    largest = max((*reference, *current), default=0.0)
    if not largest:
        return Markup()
    tops = [[_HEIGHT * (1 - share / largest) for share in shares] for shares in (reference, current)]
    inner = _bars(*tops) if are_levels else _steps(*tops)
    size = f'viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" width="{_WIDTH:g}" height="{_HEIGHT:g}"'
    return Markup(f'<svg class="hist" {size} preserveAspectRatio="none" aria-hidden="true">{inner}</svg>')  # noqa: S704  # made of numbers


def _steps(reference: Sequence[float], current: Sequence[float]) -> str:
    step = _WIDTH / len(reference)

    def path(tops: Sequence[float]) -> str:
        return "".join(f"L{at * step:.1f} {top:.1f}L{(at + 1) * step:.1f} {top:.1f}" for at, top in enumerate(tops))

    start, end = f"M0 {_HEIGHT:g}", f"L{_WIDTH:g} {_HEIGHT:g}"
    return (
        f'<path {_REFERENCE} d="{start}{path(reference)}{end}Z"/>'
        f'<path fill="none" stroke="{_CURRENT}" stroke-width="1.5" d="{start}{path(current)}{end}"/>'
    )


def _bars(reference: Sequence[float], current: Sequence[float]) -> str:
    step = _WIDTH / len(reference)
    width = step * (1 - _GAP) / 2
    bars = []
    for look, offset, tops in ((_REFERENCE, 0.0, reference), (f'fill="{_CURRENT}"', width, current)):
        bars += [
            f'<rect {look} x="{at * step + offset:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{_HEIGHT - top:.1f}"/>'
            for at, top in enumerate(tops)
        ]
    return "".join(bars)
