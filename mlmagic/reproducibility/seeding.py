"""Which libraries' random numbers the code seeds, and from where on."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.reproducibility.code import is_none

if TYPE_CHECKING:
    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.code import Code, FoundCall

PYTHON, NUMPY, TORCH, TENSORFLOW = "Python's random", "NumPy's np.random", "torch", "TensorFlow"
_ALL = (PYTHON, NUMPY, TORCH, TENSORFLOW)
_BY_PATH = {
    "mlmagic.seed": _ALL,
    "random.seed": (PYTHON,),
    "numpy.random.seed": (NUMPY,),
    "torch.manual_seed": (TORCH,),
    "torch.random.manual_seed": (TORCH,),
    "tensorflow.random.set_seed": (TENSORFLOW,),
}
_BY_NAME = {
    "set_random_seed": (PYTHON, NUMPY, TENSORFLOW, TORCH),  # Keras
    "seed_everything": (PYTHON, NUMPY, TORCH, TENSORFLOW),
    "seed_all": _ALL,
    "set_seed": _ALL,
    "set_all_seeds": _ALL,
    "set_seeds": _ALL,
    "fix_seed": _ALL,
}


@dataclass(frozen=True)
class Seeding:
    """Where each library is seeded first; ``how`` are the lines that do it, with their cells."""

    since: dict[str, tuple[float, int]] = field(default_factory=dict)
    how: tuple[tuple[str, CodeCell, int], ...] = ()
    from_outside: bool = False

    def covers(self, library: str, call: FoundCall, *, draws_later: bool = False) -> bool:
        """Return whether *library* was seeded when *call* runs; the trials of a sweep have seeds of their own.

        *draws_later* is for what draws its numbers after it was made, as an estimator does when it is fitted.
        """
        if self.from_outside or call.cell.is_sweep:
            return True
        at = (call.place[0], sys.maxsize) if draws_later else call.place
        return library in self.since and self.since[library] <= at


def seeding_of(code: Code, *, from_outside: bool = False) -> Seeding:
    """Return which libraries the code seeds; *from_outside* says that its run was given a seed, as a trial is.

    A function that seeds counts from the cell that defines it.
    """
    since: dict[str, tuple[float, int]] = {}
    how: list[tuple[str, CodeCell, int]] = []
    for at, cell in enumerate(code.cells):
        for magic in cell.magics:
            if magic.name == "seed" and not magic.is_cell and magic.rest[:1].isdigit():
                how.append((f"%seed {magic.rest}", cell, magic.line))
                for library in _ALL:
                    since.setdefault(library, (at, magic.line))
    position = {id(cell): at for at, cell in enumerate(code.cells)}
    for call in code.calls:
        libraries = _BY_PATH.get(call.path) or (
            () if call.path.startswith("__main__.") else _BY_NAME.get(call.name, ())
        )
        given = [*call.node.args, *(one.value for one in call.node.keywords)]
        if not libraries or not given or is_none(given[0]):
            continue
        place = (position[id(call.cell)], call.node.lineno)
        how.append((f"{call.path}(…)", call.cell, call.node.lineno))
        for library in libraries:
            since[library] = min(since.get(library, place), place)
    return Seeding(since, tuple(how), from_outside)
