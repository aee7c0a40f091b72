import pytest

from mlmagic.errors import UsageProblem
from mlmagic.magics.hydra import HydraMagics

BODY = "defaults:\n  - model: rf\n  - _self_\nlr: 0.1\napi_key: abcdef0123456789\n"


@pytest.fixture(autouse=True)
def _registered(shell, tmp_path, monkeypatch):
    shell.register_magics(HydraMagics)
    monkeypatch.setattr("mlmagic.config.composing._latest", {})
    folder = tmp_path / "my configs" / "model"
    folder.mkdir(parents=True)
    (folder / "rf.yaml").write_text("depth: 3\n")
    (folder.parent / "config.yaml").write_text("defaults: [model: rf]\n")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shown(monkeypatch):
    """What was displayed."""
    bundles = []
    monkeypatch.setattr("mlmagic.magics.hydra.display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def test_the_body_is_the_primary_config_and_the_tree_is_shown(shell, shown):
    shell.run_cell_magic("hydra", "cfg --config-dir 'my configs' model.depth=5 +sizes=[1, 2]", BODY)
    assert shell.user_ns["cfg"] == {"model": {"depth": 5}, "lr": 0.1, "api_key": "abcdef0123456789", "sizes": [1, 2]}
    assert shown[0]["text/plain"].splitlines() == [
        "cfg: 4 values, 2 by overrides",
        "  model:",
        "    depth: 5  # override",
        "  lr: 0.1",
        "  api_key: <redacted>",
        "  sizes: [1, 2]  # override",
    ]
    assert "abcdef" not in shown[0]["text/html"]


def test_without_a_body_the_folder_has_it(shell, shown):
    shell.run_line_magic("hydra", "small model.depth=7 --config-dir='my configs'")
    assert shell.user_ns["small"].model.depth == 7


def test_the_second_time_what_changed_is_told(shell, shown):
    for line, body in (("again", "a: 1\nb: 2"), ("again a=5", "a: 1\nc: 3"), ("again a=5", "a: 1\nc: 3")):
        shell.run_cell_magic("hydra", line, body)
    assert shown[1]["text/plain"].splitlines()[3:] == ["~ a: 1 → 5", "\N{MINUS SIGN} b: 2", "+ c: 3"]
    assert "The same as the last time" in shown[2]["text/html"]


def test_a_dataclass_in_the_body_is_the_schema(shell, shown):
    body = "from dataclasses import dataclass\n@dataclass\nclass Train:\n    lr: float = 0.1\n    epochs: int = 3\n"
    shell.run_cell_magic("hydra", "typed lr=1", body)
    assert shell.user_ns["typed"] == {"lr": 1.0, "epochs": 3}
    shell.run_line_magic("hydra", "other --schema Train epochs=5 --quiet")
    assert shell.user_ns["other"].epochs == 5
    assert len(shown) == 1
    shell.run_cell_magic("hydra", "third --schema Train", "epochs: 9")
    assert shell.user_ns["third"] == {"lr": 0.1, "epochs": 9}


def test_names_and_values_are_text_and_never_markup(shell, shown):
    evil = "<script>window.injected=1</script>"
    shell.run_cell_magic(
        "hydra", f"cfg +x='{evil}'", f"'{evil}': '{evil}'\nlong: '{'x' * 5000}'\nrtl: \"\\u202eabc\"\n"
    )
    html = shown[0]["text/html"]
    assert "<script" not in html
    assert "\u202e" not in html
    assert len(html) < 30_000


def test_a_long_config_is_folded_and_cut(shell, shown):
    shell.run_cell_magic("hydra", "cfg", "a:\n" + "".join(f"  k{at}: {at}\n" for at in range(3000)))
    assert "2000 more values are in the config" in shown[0]["text/html"]
    assert len(shell.user_ns["cfg"].a) == 3000


@pytest.mark.parametrize(
    ("line", "body", "message"),
    [
        ("", "a: 1", "%%hydra binds a config to a variable: %%hydra cfg"),
        ("lr=1", "a: 1", r"the variable comes first: %%hydra cfg lr=1"),
        ("class", "a: 1", "'class' is no name for a variable"),
        ("cfg --schema Nope", "a: 1", "there is no class 'Nope'"),
        ("cfg --config-dri x", "a: 1", r"Did you mean '--config-dir'\?"),
        ("cfg b=1", "a: 1", r"no key 'b' in the config"),
        ("cfg a={b}", "a: 1", r"The override 'a=\{b\}' cannot be read"),
        ("cfg", "from dataclasses import dataclass\n@dataclass\nclass M:\n    x: int = 1\n@dataclass\nclass T:\n    m: M = M()\n",
         r"mutable default .* write field\(default_factory=M\)"),
        ("cfg", "model: {lr: 0.1\nb: 2", r"^Line 3 of the cell cannot be read: expected"),
        ("cfg", "a:\n\tb: 1", r"^Line 3 of the cell cannot be read"),
        ("cfg --schema X", "class X:\n    pass\n", "The body defines a dataclass|there is no class"),
        ("cfg", "class X:\n    pass\n", "'X' is none: write @dataclass above its class"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_error(shell, shown, line, body, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        shell.run_cell_magic("hydra", line, body)
    assert "\n" not in str(caught.value)


def test_the_help_shows_every_option():
    for option in ("--config-dir", "--config-name", "--schema", "OVERRIDE", "mlmagic/config.yaml"):
        assert option in HydraMagics.hydra.__doc__
