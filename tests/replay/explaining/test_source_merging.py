"""Two sources of one cell: their single differences, and what lies between them."""

import ast
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.replay.explaining.source_merging import merged_source, source_differences


def found(before, after):
    return [(one.kind, one.name, one.before, one.after) for one in source_differences(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("lr = 0.1", "lr = 0.2", [("parameter", "lr", "0.1", "0.2")]),
        ("lr: float = 0.1", "lr: float = 0.2", [("parameter", "lr", "0.1", "0.2")]),
        ("hidden = [64, 32]", "hidden = [128, 64]", [("parameter", "hidden", "[64, 32]", "[128, 64]")]),
        ("m = RF(n=3, depth=2)", "m = RF(n=3, depth=4)", [("parameter", "depth", "2", "4")]),
        ("m = RF(n=3).fit(X)", "m = RF(n=3, depth=4).fit(X)", [("parameter", "depth", "not given", "4")]),
        ("m = RF(n=3, depth=4).fit(X)", "m = RF(n=3).fit(X)", [("parameter", "depth", "4", "not given")]),
        ("p = P([('s', S()), ('m', RF(d=3))])", "p = P([('s', S()), ('m', RF(d=4))])", [("parameter", "d", "3", "4")]),
        ("m = RF(100)", "m = RF(200)", [("code", "m", "RF(100)", "RF(200)")]),
        ("m = RF(n=3)", "m = GB(n=3)", [("code", "m", "RF(n=3)", "GB(n=3)")]),
        ("cfg = {'lr': 1, 'w': 2}", "cfg = {'lr': 3, 'w': 2}", [("parameter", "lr", "1", "3")]),
        ("cfg = {'lr': 1}", "cfg = {'lr': 1, 'w': 2}", [("parameter", "w", "not given", "2")]),
        ("df = read('a.csv')", "df = read('b.csv')", [("code", "df", "read('a.csv')", "read('b.csv')")]),
        ("%seed 42\nx = 1", "%seed 43\nx = 1", [("seed", "%seed", "42", "43")]),
        ("%split X y --test 0.2", "%split X y --test 0.3", [("code", "%split", "X y --test 0.2", "X y --test 0.3")]),
        ("np.random.seed(1)", "np.random.seed(2)", [("seed", "seed", "1", "2")]),
        ("g = np.random.default_rng(1)", "g = np.random.default_rng(2)", [("seed", "seed", "1", "2")]),
        ("SEED = 1", "SEED = 2", [("seed", "SEED", "1", "2")]),
        ("m = RF(random_state=0)", "m = RF(random_state=1)", [("seed", "random_state", "0", "1")]),
        ("x = 1\ny = 2", "x = 1\nx = x[x > 0]\ny = 2", [("code", "x = x[x > 0]", "", "x = x[x > 0]")]),
        ("x = 1\nclean(x)\ny = 2", "x = 1\ny = 2", [("code", "clean(x)", "clean(x)", "")]),
        ("for e in range(5):\n    f(w=1)", "for e in range(5):\n    f(w=2)", [("parameter", "w", "1", "2")]),
        (
            "for e in range(5):\n    f(w=1)",
            "for e in range(9):\n    f(w=1)",
            [("code", "for e in", "range(5)", "range(9)")],
        ),
        ("def f(a, b=2, *, c=3):\n    pass", "def f(a, b=5, *, c=3):\n    pass", [("parameter", "b", "2", "5")]),
        ("def f(a):\n    return a", "def f(a):\n    return -a", [("code", "return -a", "return a", "return -a")]),
        ("def f(a):\n    return a", "def f(a, b):\n    return a", [("code", "def f(a, b): …", "def f(a): …", "def f(a, b): …")]),
        ("class C:\n    lr = 1", "class C:\n    lr = 2", [("parameter", "lr", "1", "2")]),
        ("with no_grad():\n    p = m(k=1)", "with no_grad():\n    p = m(k=2)", [("parameter", "k", "1", "2")]),
        ("if a > 3:\n    b = 1", "if a > 4:\n    b = 1", [("code", "if", "a > 3", "a > 4")]),
        ("x = 1  # one", "x = 1  # two", []),
        ("%%track a\nx = 1", "%%track b\nx = 2", [("parameter", "x", "1", "2")]),
        ("%%track a\nx = 1", "%%track 'b c' --quiet\nx = 1", [("code", "%%track", "%%track a", "%%track 'b c' --quiet")]),
        ("%%track a\nx = 1", '%%track "b c"\nx = 1', []),
        ("%%track a note='x y'\nx = 1", "%%track a note='x z'\nx = 1", [("parameter", "note", "'x y'", "'x z'")]),
        ("%%track a lr=1\nx = 1", "%%track b lr=2\nx = 1", [("parameter", "lr", "1", "2")]),
        ("%%hydra cfg lr=1\na: 1", "%%hydra cfg lr=1 w=2\na: 1", [("parameter", "w", "not given", "2")]),
        (
            "%%hydra cfg\nlr: 0.1\nmodel:\n  depth: 3",
            "%%hydra cfg\nlr: 0.1\nmodel:\n  depth: 4",
            [("parameter", "depth", "3", "4")],
        ),
        ("%%time\nx = 1", "x = 1", [("code", "the cell", "%%time …", "x = 1")]),
        ("x = (1,\n  2)", "x = (1, 2)", []),
        ("await f(k=1)", "await f(k=2)", [("parameter", "k", "1", "2")]),
        ("x = f(**{'a': 1})", "x = f(**{'a': 2})", [("code", "x", "f(**{'a': 1})", "f(**{'a': 2})")]),
        ("f(a=1, b=1)\nf(a=1, b=1)", "f(a=2, b=1)\nf(a=2, b=1)", [("parameter", "a", "1", "2")]),
        ("n = -1", "n = None", [("parameter", "n", "-1", "None")]),
        ("a, b = 1, 2", "a, b = 1, 3", [("parameter", "(a, b)", "(1, 2)", "(1, 3)")]),
    ],
)  # fmt: skip
def test_the_single_differences(before, after, expected):
    assert found(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("lr = 0.1\nm = RF(n=3, seed=1).fit(X)", "lr = 0.2\nm = RF(n=5, depth=2, seed=2).fit(X)\nextra = 1"),
        ("%seed 1\nx = 1\nfor i in range(3):\n    x += i", "%seed 2\nx = 2\nfor i in range(4):\n    x += i\n    y = x"),
        ("try:\n    a = 1\nexcept E:\n    a = 2", "try:\n    a = 3\nexcept E:\n    a = 4"),
        ("cfg = {'a': 1, 'b': {'c': 2}}", "cfg = {'a': 2, 'b': {'c': 3}, 'd': 4}"),
    ],
)
def test_every_combination_is_python_and_the_last_is_the_second(before, after):
    differences = source_differences(before, after)
    assert len(differences) > 1
    seen = set()
    for size in range(len(differences) + 1):
        for chosen in itertools.combinations(differences, size):
            merged = merged_source(before, after, set(chosen).__contains__)
            assert source_differences(before, merged) == list(chosen)
            seen.add(merged)
    assert len(seen) == 2 ** len(differences)
    assert source_differences(merged, after) == []


def test_what_is_equal_keeps_its_text():
    source = "x = (1,\n     2)  # two\n%time f()"
    assert merged_source(source, source.replace("two", "three"), lambda _: True) == source
    assert merged_source(f"%%track a\n{source}", f"%%track b\n{source}", lambda _: True) == f"%%track a\n{source}"


values = st.one_of(st.integers(-9, 9).map(str), st.sampled_from(["None", "'a'", "[1, 2]", "x", "f(1)", "g(k=2)"]))
simple = st.one_of(
    st.builds("{} = {}".format, st.sampled_from(["a", "b", "cfg['k']"]), values),
    st.builds("h({}, k={})".format, values, values),
    st.builds("%seed {}".format, st.integers(0, 9)),
    st.builds("m = RF({}, random_state={}).fit(X)".format, values, st.integers(0, 9)),
    st.builds("d = {{'a': {}, 'b': f(k={})}}".format, values, values),
)
blocks = st.builds(
    lambda head, body: head + "".join(f"\n    {line}" for line in body),
    st.sampled_from(["for i in range(3):", "if a:", "def f(a, b=2):", "with c():", "class C:", "while a < 3:"]),
    st.lists(simple, min_size=1, max_size=3),
)
cells = st.lists(st.one_of(simple, blocks), min_size=1, max_size=6).map("\n".join)


@given(cells, cells, st.data())
def test_all_differences_make_the_second_and_none_the_first(before, after, data):
    differences = source_differences(before, after)
    assert source_differences(merged_source(before, after, lambda _: True), after) == []
    assert merged_source(before, after, lambda _: False) in {before, ast_text(before)}
    chosen = data.draw(st.sets(st.sampled_from(differences))) if differences else set()
    merged = merged_source(before, after, chosen.__contains__)
    ast.parse(merged.replace("%seed", "seed =").replace("cfg['k']", "cfg"))


def ast_text(source):
    from mlmagic.replay.explaining.cell_text import CellText, source_of

    return source_of(CellText.of(source).tree().body)
