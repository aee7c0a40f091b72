"""Interpolations that double with each line are refused before OmegaConf would resolve them for minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlmagic.config import interpolation_limits
from mlmagic.config.composing import compose
from mlmagic.config.interpolation_limits import require_short
from mlmagic.errors import UsageProblem

LINES = 60


def doubling(first, line, *, lines=LINES):
    """Return a config whose line *at* names the line before twice; *line* writes the two names."""
    return {"a0": first, **{f"a{at}": line(at - 1) for at in range(1, lines)}}


def twice(form):
    return lambda before: form.format(before) * 2


REFUSED = {
    "a key": doubling("x", twice("${{a{}}}")),
    "a key with spaces": doubling("x", twice("${{ a{} }}")),
    "a relative key": doubling("x", twice("${{.a{}}}")),
    "an item of a list": doubling(["x"], lambda before: [f"${{a{before}[0]}}${{a{before}[0]}}"]),
    "an item by a dot": doubling(["x"], lambda before: [f"${{a{before}.0}}${{a{before}.0}}"]),
    "a list of nodes": doubling("x", lambda before: [f"${{a{before}}}", f"${{a{before}}}"]),
    "oc.select": doubling("x", twice("${{oc.select:a{}}}")),
    "oc.select with a default": doubling("x", twice("${{oc.select: 'a{}', none}}")),
    "oc.dict.values": doubling("x", lambda before: {"k": f"${{oc.dict.values:a{before}}}", "l": f"${{a{before}}}"}),
    "within a resolver": doubling("x", twice("${{oc.decode:'${{a{}}}'}}")),
    "a name with an interpolation": {
        **doubling("x", lambda before: f"${{a${{n{before}}}}}${{a${{n{before}}}}}"),
        **{f"n{at}": at for at in range(LINES)},
    },
    "a key of a group with an interpolation": {
        "of": doubling("x", lambda before: f"${{of.a${{n{before}}}}}${{of.a${{n{before}}}}}"),
        **{f"n{at}": at for at in range(LINES)},
    },
    "a key with a dash": {"a-0": "x", **{f"a-{at}": f"${{a-{at - 1}}}" * 2 for at in range(1, LINES)}},
    "a key that is a number": {0: "x", **{at: f"${{{at - 1}}}" * 2 for at in range(1, LINES)}},
    "below a mapping": {"m": {"n": doubling("x", twice("${{m.n.a{}}}"))}},
    "up from below": {"m": {"n": doubling("x", twice("${{..n.a{}}}"))}},
}


@pytest.mark.parametrize("config", REFUSED.values(), ids=REFUSED.keys())
def test_a_config_that_doubles_with_each_line_is_refused(config):
    with pytest.raises(UsageProblem, match=r"stands for more than 20,000 interpolations"):
        require_short(config)


def test_the_message_names_the_value_that_is_too_much():
    with pytest.raises(UsageProblem, match=r"^m\.long stands for more than 10,000,000 characters, by its"):
        require_short({"m": {"long": "${text}" * 11}, "text": "x" * 1_000_000})


def test_composing_refuses_it_too():
    with pytest.raises(UsageProblem, match=r"interpolations"):
        compose(
            yaml="".join(f"a{at}: ['${{a{at - 1}[0]}}${{a{at - 1}[0]}}']\n" if at else "a0: [x]\n" for at in range(40))
        )


@pytest.mark.parametrize(
    "config",
    [
        {"name": "run", **{f"path{at}": "/data/${name}/${seed}" for at in range(2_000)}, "seed": 1},
        {"presets": {f"p{at}": {"lr": at, "tags": ["a"] * 10} for at in range(100)}, "use": "${presets.${which}}", "which": "p3"},
        {"a": "${b}", "b": "${a}"},  # OmegaConf says that it is circular
        {"a": "${nowhere}", "b": "${a[7]}", "c": "${a.b.c}", "d": "${.....e}", "e": "${}", "f": "${", "g": "}${", "h": "${:}"},
        {"a": "\\${not_one}", "b": "{x}", "c": "${oc.env:HOME}", "d": "${now:%Y}"},
        {"list": [{"x": "${..y}"}, "${list[0].x}"], "y": [1]},
        {"digits": "${" + "9" * 5000 + "}"},
        {},
        [],
        "text",
        None,
    ],
)  # fmt: skip
def test_what_people_write_is_left_alone(config):
    require_short(config)


def test_interpolations_in_names_do_not_hold_up_the_cell(monkeypatch):
    monkeypatch.setattr(interpolation_limits, "_MOST_COMPARED", 1_000)
    config = {"presets": {f"p{at}": at for at in range(100)}, "x": "p1", "all": ["${presets.${x}}"] * 100}
    with pytest.raises(UsageProblem, match=r"too many interpolations within the names of others"):
        require_short(config)


PIECES = st.sampled_from(["${a}", "${.a}", "${ b }", "${c[0]}", "${c.0}", "x", "${oc.select:b}", "${d.${n}}", "${d.k}"])


@given(st.lists(st.lists(PIECES, max_size=3).map("".join), min_size=4, max_size=4))
def test_no_value_that_resolves_is_longer_than_the_estimate(values):
    """The characters that OmegaConf makes of a value never exceed what was counted for it."""
    config = {
        "a": "one",
        "b": values[0],
        "c": [values[1]],
        "d": {"k": values[2], "l": "twelve chars"},
        "n": "k",
        "z": values[3],
    }
    try:
        resolved = OmegaConf.to_container(OmegaConf.create(config), resolve=True)
    except (OmegaConfBaseException, RecursionError):  # circular, or a list within a text
        return
    estimate = interpolation_limits._Estimate(config)
    for key, value in resolved.items():
        if isinstance(value, str):
            assert len(value) <= estimate.of((key,), config[key]).characters
