"""``%seed``: seed the session's random numbers, and show which sources are not fixed."""

from __future__ import annotations

import contextlib

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import parse_line
from mlmagic.session.interrupts import in_one_line


@magics_class
class SeedMagics(Magics):
    """The magic ``%seed``."""

    @magic_arguments()
    @argument("value", nargs="*", help="A whole number from 0 to 4294967295. Without it: show the state.")
    @argument("--deterministic", action="store_true", help=(
        "Let torch and TensorFlow use deterministic algorithms only: slower, and an operation that has none "
        "raises an error. The next %%seed with a number and without it sets torch back."
    ))  # fmt: skip
    @argument("--quiet", action="store_true", help="Print one line in place of the table.")
    @line_magic
    @in_one_line("%seed")
    def seed(self, line: str) -> None:
        """Fix the random numbers of the session, and show what that fixes and what it does not.

        Seeds Python's random, NumPy's np.random, torch on every device, TensorFlow and Keras; each at once
        or right after its import. Then `mlmagic.rng()` is a NumPy Generator of this seed, and
        `mlmagic.worker_init` and `mlmagic.torch_generator()` are for torch's DataLoader.

        Examples::

            %seed 42
            %seed 42 --deterministic
            %seed
        """
        from mlmagic.snapshot.randomness import seeding
        from mlmagic.views.seed_report import seed_headline, seed_report_bundle

        arguments = parse_line(self.seed.parser, "%seed", line)
        namespace = self.shell.user_ns if self.shell else {}
        if arguments.value:
            value = _one_value(arguments.value)
            report = seeding.seed(value, deterministic=arguments.deterministic, namespace=namespace)
        elif arguments.deterministic:
            raise UsageProblem("--deterministic needs a seed: %seed 42 --deterministic")
        else:
            report = seeding.report(namespace)
        if arguments.quiet:
            print(seed_headline(report))  # noqa: T201 - the only output of --quiet
            return
        display(seed_report_bundle(report), raw=True)


def _one_value(words: list[str]) -> int:
    """Parse the number; other text is returned unchanged, and `seeding.seed` reports what is valid."""
    value = " ".join(words)
    with contextlib.suppress(ValueError):
        return int(value)
    return value  # type: ignore[return-value]
