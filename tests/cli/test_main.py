"""The command itself: its usage, its exit status, its imports."""

import subprocess
import sys

import pytest

from mlmagic import __version__
from mlmagic.cli import main


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--help"])
    out = capsys.readouterr().out
    for command in ("demo", "lab", "ui", "doctor"):
        assert f"\n    {command} " in out


def test_version(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"mlmagic {__version__}\n"


@pytest.mark.parametrize(("words", "said"), [([], "required"), (["dem"], "'demo'"), (["ui", "--port", "x"], "'x'")])
def test_a_wrong_usage_is_status_2(words, said, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        main(words)
    assert said in capsys.readouterr().err


def test_the_usage_comes_without_importing_anything_heavy():
    look = (
        "import sys\nfrom mlmagic.cli import main\n"
        "try: main(['--version'])\nexcept SystemExit: pass\n"
        "print(sorted({'mlflow', 'numpy', 'IPython', 'nbclient', 'jupyterlab'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"
