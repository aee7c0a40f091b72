"""The states of the global generators: taken, and set again, also right after a library is imported."""

import subprocess
import sys

import pytest

from mlmagic.snapshot.randomness import states

_RESTORED_BY_IMPORT = """\
import sys
from mlmagic.adapters.import_hooks import when_imported
from mlmagic.snapshot.randomness import states
assert "{module}" not in sys.modules
when_imported("{module}", lambda _: states.restore({packed!r}))
{statement}
print(states.digests()["{library}"])
"""


@pytest.mark.parametrize(
    ("library", "statement"),
    [
        ("numpy", "import numpy as np; np.random"),
        ("numpy", "import numpy.random"),
        ("numpy", "from numpy.random import default_rng"),
        ("numpy", "import sklearn.utils"),
        ("torch", "import torch"),
    ],
)
def test_a_state_is_set_right_after_the_import_that_seeds_the_generator(library, statement):
    module = states.SEEDED_BY_IMPORT[library]
    pytest.importorskip(module)
    packed = {library: states.packed(states.states())[library]}
    code = _RESTORED_BY_IMPORT.format(module=module, packed=packed, statement=statement, library=library)
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == states.digests()[library], done.stderr
