"""The view of a seed report: a table of the sources of randomness and whether the seed fixes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.views.rendering import MimeBundle, columns, pad, render, shorten

if TYPE_CHECKING:
    from mlmagic.snapshot.randomness.seeding import SeedReport


_LONGEST = 500


def seed_report_bundle(report: SeedReport) -> MimeBundle:
    """Return *report* as HTML and as plain text.

    Examples
    --------
    >>> from mlmagic.snapshot.randomness.seeding import SeedReport, SeedRow
    >>> row = SeedRow("rng, a Generator", "not fixed", "unseeded", "rng = mlmagic.rng()")
    >>> print(seed_report_bundle(SeedReport(42, (row,)))["text/plain"])
    Seed 42: 1 not fixed
      not fixed  rng, a Generator  unseeded -> rng = mlmagic.rng()
    """
    return {
        "text/html": render("seed_report.html", report=report, headline=seed_headline(report)),
        "text/plain": _plain(report),
    }


def seed_headline(report: SeedReport) -> str:
    """Return the report in one line: the seed, and how many sources are fixed and how many are not.

    >>> from mlmagic.snapshot.randomness.seeding import SeedReport, SeedRow
    >>> seed_headline(SeedReport(7, (SeedRow("torch", "fixed"), SeedRow("JAX", "not fixed"))))
    'Seed 7: 1 fixed, 1 not fixed'
    >>> seed_headline(SeedReport(None, (SeedRow("torch", "not fixed"),)))
    'No seed is set (%seed 42 sets one): 1 not fixed'
    """
    title = "No seed is set (%seed 42 sets one)" if report.value is None else f"Seed {report.value}"
    states = [row.state for row in report.rows]
    counts = {
        "fixed": states.count("fixed"),
        "not fixed": states.count("not fixed"),
        "needing a restart": states.count("needs restart"),
    }
    return f"{title}: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _plain(report: SeedReport) -> str:
    names = [shorten(row.what) for row in report.rows]
    name_width = max(map(columns, names), default=0)
    state_width = max((len(row.state) for row in report.rows), default=0)
    lines = [seed_headline(report)]
    for name, row in zip(names, report.rows, strict=True):
        reason = " -> ".join(shorten(part, _LONGEST) for part in (row.why, row.command) if part)
        lines.append(f"  {row.state:{state_width}}  {pad(name, name_width)}  {reason}".rstrip())
    return "\n".join(lines)
