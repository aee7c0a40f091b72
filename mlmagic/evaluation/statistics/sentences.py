"""The difference of two models as a sentence that also says when no difference can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.store.query.direction import Direction


def difference_sentence(
    names: tuple[str, str], value: float, ends: tuple[float, float], direction: Direction | None, where: str
) -> str:
    """Return which of two models is better, and by how much.

    Parameters
    ----------
    names
        The models.
    value, ends
        The first model's value minus the second's, and its interval.
    direction
        Whether more or less of the metric is better, None if that is unknown.
    where
        The metric, and what both were measured on.

    Examples
    --------
    >>> difference_sentence(("forest", "tree"), -0.021, (-0.039, -0.004), "min", "in loss on the same 142 rows")
    'forest is better by 0.021 [0.004, 0.039] in loss on the same 142 rows'
    >>> difference_sentence(("forest", "tree"), 0.01, (-0.02, 0.04), "max", "in accuracy on the same 142 rows")
    'no difference can be told: forest - tree is +0.010 [-0.020, +0.040] in accuracy on the same 142 rows'
    """
    sign = -1 if direction == "min" else 1
    gain, low, high = sign * value, *sorted(sign * end for end in ends)
    if low <= 0 <= high:
        shown = f"{signed(value)} [{signed(ends[0])}, {signed(ends[1])}]"
        return f"no difference can be told: {names[0]} - {names[1]} is {shown} {where}"
    first = names[0] if gain > 0 else names[1]
    if gain < 0:
        gain, low, high = -gain, -high, -low
    word = "better" if direction is not None else "higher"
    return f"{first} is {word} by {_shown(gain)} [{_shown(low)}, {_shown(high)}] {where}"


def _shown(value: float) -> str:
    return f"{value:.3f}" if 1e-3 <= abs(value) < 100 or value == 0 else f"{value:.3g}"  # noqa: PLR2004


def signed(value: float) -> str:
    """Return *value* with its sign, as the sentences have it.

    >>> signed(0.02), signed(-1234.5)
    ('+0.020', '-1.23e+03')
    """
    return ("+" if value > 0 else "") + _shown(value)
