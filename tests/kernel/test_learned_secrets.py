"""A secret that a cell gives to a secret's name is in nothing that this cell's run or a later one records."""

from __future__ import annotations

SECRETS = ["pyPw11zz", "pyPw22zz", "openSesame99", "hdrTok33zzqm", "paramPw44zz", "tagTok55zz", "printedPw66zz"]


def test_a_secret_is_known_from_the_cell_that_names_it_to_the_end_of_the_session(new_kernel, tmp_path):
    kernel = new_kernel()
    kernel.check("password = 'pyPw11zz'")
    kernel.check("%load_ext mlmagic")
    kernel.check("user, password2 = 'ana', 'pyPw22zz'")
    first = kernel.run(
        "%%track one -t owner_token=tagTok55zz\nmlmagic.tag(note='is ' + password2)\nmlmagic.log_params(dsn=f'ana/{password}')\n"
        "api_key = ('open'\n           'Sesame99')\nheaders = {'Authorization': 'Bearer hdrTok33zzqm'}\n"
        "print('with', api_key, 'hdrTok33zzqm', 'tagTok55zz')\nmlmagic.log_params(db_password='paramPw44zz')\n"
        "print('paramPw44zz'); print('the password is printedPw66zz')\nmsg = f'hello {password}'\nmsg"
    )
    assert first.errors == []
    assert "hello pyPw11zz" in first.text
    second = kernel.run("%%track two\nx = 'printedPw66zz openSesame99'\nraise ValueError(f'{user}/{password}')")
    assert [error.splitlines()[-1] for error in second.errors] == ["ValueError: ana/pyPw11zz"]
    third = kernel.run("%%track three\nlr = 0.1")
    assert "redacted" not in "".join(third.summaries)
    written = [*tmp_path.glob("mlflow.db*"), *(file for file in (tmp_path / "mlruns").rglob("*") if file.is_file())]
    assert len(written) > 10
    found = {secret: file.name for file in written for secret in SECRETS if secret.encode() in file.read_bytes()}
    assert found == {}
    count = "from mlmagic.snapshot.secrets import known_values as secret_values; print(len(secret_values._learned))"
    assert int(kernel.check(count)) >= len(SECRETS)
    kernel.check("%unload_ext mlmagic")
    assert kernel.check(count) == "0"
