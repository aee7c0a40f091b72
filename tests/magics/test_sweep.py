"""What %%sweep says of itself."""

import pytest

from mlmagic.magics.sweep import SweepMagics

OPTIONS = (
    "--config --metric --mode --search --trials --jobs --on --address --seeds --timeout --threads --prune --resume --yes "
    "--experiment --quiet"
)


@pytest.mark.parametrize("option", OPTIONS.split())
def test_its_help_is_of_the_cell_magic_with_every_option(option):
    told = SweepMagics.sweep.__doc__
    assert "%%sweep [" in told
    assert option in told
