"""Secrets that are typed in a real kernel, as a front end answers its prompts."""

from __future__ import annotations


def test_in_a_kernel_a_typed_secret_is_in_no_artifact_and_input_stays_the_kernels_own(new_kernel, tmp_path):
    kernel = new_kernel()
    # The name was imported before the extension was loaded.
    kernel.check("from getpass import getpass\nimport builtins, getpass as g")
    kernel.check("own = (builtins.input.__func__, g.getpass.__func__)")
    kernel.check("%load_ext mlmagic")
    assert kernel.check("print((builtins.input.__func__, g.getpass.__func__) == own)") == "True"
    code = (
        "%%track typed -p shown\nimport sys\n{ask}\nassert x == 'seven-dwarfs', x\n"
        "print('it is', x); shown = 'got ' + x\nraise ValueError(x)"
    )
    for ask in ("x = getpass('What? ')", "x = g.getpass()", "x = input('Your password: ')"):
        output = kernel.answering(code.replace("{ask}", ask), "seven-dwarfs")
        assert [error.splitlines()[-1] for error in output.errors] == ["ValueError: seven-dwarfs"]
        assert "secrets redacted in" in output.summaries[0]
        assert "seven-dwarfs" not in output.summaries[0]
    written = [*tmp_path.glob("mlflow.db*"), *(file for file in (tmp_path / "mlruns").rglob("*") if file.is_file())]
    assert len(written) > 10
    assert not [file for file in written if b"seven-dwarfs" in file.read_bytes()]
    kernel.check("%unload_ext mlmagic")
    assert kernel.check("print('_input_request' in vars(get_ipython().kernel))") == "False"
    assert kernel.answering("y = input(); print(y)", "plain").stdout.strip() == "plain"
