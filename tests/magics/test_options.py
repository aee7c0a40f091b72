"""Every option of every magic: without its value, misspelt, doubled, with a value that it does not take; and its help."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.extension import _MAGICS
from mlmagic.magics.parsing import divided, options_first, parse_line, split_filter, take_filter
from mlmagic.magics.track import parse_header
from mlmagic.suggestions import did_you_mean

PARSERS = {
    name: getattr(magics, function).parser
    for magics in _MAGICS
    for kind in magics.magics.values()
    for name, function in kind.items()
    if hasattr(getattr(magics, function), "parser")
}
SIGNS = {name: "%%" if name in {"track", "sweep", "retrain"} else "%" for name in PARSERS}
BEFORE = {
    "evaluate": "model X y ",
    "split": "frame ",
    "hydra": "cfg ",
    "sweep": "lr=1,2 ",
    "promote": "churn ",
    "retrain": "churn ",
    "why": "forest boost ",
}
"""Words without which a magic complains of their lack first."""

OPTIONS = [
    pytest.param(name, option, action, id=f"{name} {option}")
    for name, parser in PARSERS.items()
    for action in parser._actions
    for option in action.option_strings
]
LONG = [one for one in OPTIONS if one.values[1].startswith("--")]
WITH_VALUE = [one for one in OPTIONS if one.values[2].nargs not in {0, "?"}]
FLAGS = [one for one in OPTIONS if one.values[2].nargs == 0]
OF_FILTERS = {"--if", "--where"}
"""Options that take the rest of the line; without it, the magic says so in its own words."""


@pytest.fixture
def refused(shell, monkeypatch, tmp_path):
    """Return a function that returns the one line with which a magic refuses a line, before it asks any store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    shell.register_magics(*_MAGICS)

    def call(name, line):
        calls = {
            "track": lambda: parse_header(line),
            **dict.fromkeys(("sweep", "retrain"), lambda: shell.run_cell_magic(name, line, "x = lr")),
        }
        run = calls.get(name, lambda: shell.run_line_magic(name, line))
        with pytest.raises(UsageProblem) as caught:
            run()
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return call


@pytest.mark.parametrize(("name", "option", "action"), WITH_VALUE)
def test_an_option_without_its_value_is_named(refused, name, option, action):
    line = refused(name, f"{BEFORE.get(name, '')}{option}")
    if option in OF_FILTERS:
        assert "has no conditions" in line or "--where takes a filter" in line
    else:
        by_parser = f"argument {'/'.join(action.option_strings)}: expected "
        assert f"{SIGNS[name]}{name} {option} takes a value: {option} " in line or by_parser in line


@pytest.mark.parametrize(("name", "option", "action"), WITH_VALUE)
def test_an_option_in_the_place_of_a_value_is_no_value(refused, name, option, action):
    if option in OF_FILTERS:
        return
    line = refused(name, f"{BEFORE.get(name, '')}{option} --help")
    assert "expected " in line or "takes a value" in line or "? shows the help" in line


def misspelt(option):
    """Return the option without its second letter, with two letters swapped, and with one doubled."""
    letters = option.removeprefix("--")
    if len(letters) < 4:
        return [f"--{letters}{letters[-1]}"]
    return [f"--{letters[0]}{letters[2:]}", f"--{letters[1]}{letters[0]}{letters[2:]}", f"--{letters}{letters[-1]}"]


@pytest.mark.parametrize(("name", "option", "action"), LONG)
def test_a_misspelt_option_is_told_with_the_nearest_and_all_others(refused, name, option, action):
    options = [one for one in PARSERS[name]._option_string_actions if one.startswith("-")]
    for wrong in misspelt(option):
        if wrong in options:
            continue
        line = refused(name, f"{BEFORE.get(name, '')}{wrong}")
        sign = "%" if name == "hydra" else SIGNS[name]
        assert line.startswith(f"{sign}{name} has no option {wrong!r}.{did_you_mean(wrong, options)} It takes ")
        assert all(one in line for one in options)
        if len(option) > 6:
            assert f"Did you mean '{option}'?" in line


@pytest.mark.parametrize(("name", "option", "action"), FLAGS)
def test_a_flag_takes_no_value(refused, name, option, action):
    line = refused(name, f"{BEFORE.get(name, '')}{option}=yes")
    assert f"argument {'/'.join(action.option_strings)}: ignored explicit argument 'yes'" in line


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("word", ["--help", "-h"])
def test_the_help_is_where_ipython_has_it(refused, name, word):
    line = refused(name, f"{BEFORE.get(name, '')}{word}")
    assert line.startswith(f"{'%' if name == 'hydra' else SIGNS[name]}{name}? shows the help. The options are -")
    for option in PARSERS[name]._option_string_actions:
        assert option in line


@pytest.mark.parametrize("name", [name for name in PARSERS if name not in {"runs", "compare"}])
def test_a_dash_of_typography_before_an_option_is_told(refused, name):
    option = next(one for one in PARSERS[name]._option_string_actions if one.startswith("--"))
    for dash in ("\N{EM DASH}", "\N{EN DASH}", "\N{EM DASH}-", "\N{EN DASH}\N{EN DASH}"):
        word = f"{dash}{option.removeprefix('--')}"
        assert f"{word!r} begins with a dash that no option has: write {option}" in refused(name, f"{word} x")


@pytest.mark.parametrize("name", PARSERS)
def test_an_unknown_option_is_told_before_anything_is_done(refused, name):
    for word in ("--zzzzzzzz", "--zzzzzzzz=5", "-ß" if name == "seed" else "-z"):
        line = refused(name, f"{BEFORE.get(name, '')}{word}")
        assert f"has no option {word!r}" in line


@pytest.mark.parametrize("name", PARSERS)
def test_the_help_has_every_option_an_explanation_and_examples(name):
    magic = next(getattr(m, kind[name]) for m in _MAGICS for kind in m.magics.values() if name in kind)
    text = magic.__doc__
    assert f"{SIGNS[name]}{name}" in text
    assert "Examples::" in text
    for action in PARSERS[name]._actions:
        assert action.help
        assert len(action.help) > 10 or action.dest == "help"
        for option in action.option_strings:
            assert option in text
    assert not re.search(r"(?<!%)%(?!%|[a-z])", text.replace("95 %", "").replace("%%", ""))


@pytest.mark.parametrize(
    ("name", "line", "dest", "value"),
    [
        ("track", "-e a -e b", "experiment", "b"),
        ("track", "--description x --description=y", "description", "y"),
        ("track", "-p a -p b c", "params", ["a", "b", "c"]),
        ("track", "-t a=1 --tag b=2", "tag", ["a=1", "b=2"]),
        ("track", "--quiet --quiet", "quiet", True),
        ("track", "--resume a --resume", "resume", ""),
        ("runs", "-n 5 -n 3", "n", 3),
        ("runs", "-n5", "n", 5),
        ("runs", "-n=5", "n", 5),
        ("split", "a --by x --by y", "by", ["x", "y"]),
        ("split", "a --test 0.1 --test 0.3", "test", "0.3"),
        ("evaluate", "m X y --metric a --metric b", "metric", ["a", "b"]),
        ("evaluate", "m X y --confidence=0.9", "confidence", "0.9"),
        ("sweep", "lr=1,2 --jobs 2 --jobs 4", "jobs", 4),
        ("sweep", "lr=1,2 --timeout 1.5", "timeout", 1.5),
        ("sweep", "lr=1,2 --zip a,b --zip c,d", "zip", ["a,b", "c,d"]),
        ("hydra", "cfg --config-dir=a --config-dir b", "config_dir", "b"),
        ("promote", "churn --to a --to=b", "to", "b"),
        ("models", "-n 1 -n 2", "n", 2),
        ("register", "churn -t a=1 b=2 --tag c=3", "tag", ["a=1", "b=2", "c=3"]),
    ],
)
def test_of_an_option_given_twice_the_last_counts_and_lists_grow(name, line, dest, value):
    assert getattr(parse_line(PARSERS[name], f"%{name}", line), dest) == value


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("runs", "-n many", "invalid int value: 'many'"),
        ("runs", "-n 1.5", "invalid int value: '1.5'"),
        ("models", "-n ''", "%models -n takes a value"),
        ("sweep", "lr=1,2 --jobs two", "invalid int value: 'two'"),
        ("sweep", "lr=1,2 --trials 1e3", "invalid int value: '1e3'"),
        ("sweep", "lr=1,2 --timeout soon", "invalid float value: 'soon'"),
        ("sweep", "lr=1,2 --mode up", "invalid choice: 'up' (choose from"),
        ("sweep", "lr=1,2 --models --no-models", "--models records the models of all trials, --no-models none"),
        ("sweep", "lr=1,2 --into my-results", "'my-results' is no name for a variable"),
        ("sweep", "lr=1,2 --into class", "'class' is no name for a variable"),
        ("sweep", "lr=1,2 nothing", "'nothing' has no values: nothing=A,B"),
        ("sweep", "tuned nothing lr=1,2", "'nothing' has no values"),
        ("sweep", "model.lr=1,2", "'model.lr' is no name for a variable; a key of a config needs --config CFG"),
        ("sweep", "lr=1,2 --config cgf", "--config cgf: no config of this name was composed by %%hydra"),
        ("sweep", "", "There is nothing to go over"),
        ("sweep", "lr=1,2 --search gird", "gird"),
        ("sweep", "lr=1,2 --on moon", "moon"),
        ("sweep", "lr=1,2 --seeds 0", "seeds"),
        ("sweep", "lr=1,2 --jobs -1", "jobs"),
        ("sweep", "lr=1,2 --zip lr", "zip"),
        ("sweep", "lr=1,2 --zip lr,depth", "depth"),
        ("split", "", "%split needs a variable"),
        ("split", "frmae --by x", "there is no variable 'frmae'. Did you mean 'frame'?"),
        ("split", "frame --seed x", "x"),
        ("split", "frame --seed 1 --test 2", "test"),
        ("split", "frame --seed 1 --into a", "this split has 2 parts, in this order: train,test"),
        ("split", "frame --seed 1 --into a,a", "Give each a name of its own"),
        ("split", "frame --seed 1 --into a,2b", "'2b' is no name for a variable"),
        ("split", "frame --seed 1 --into frame,b", "%split would replace 'frame' by a part of it"),
        ("split", "1+1 --seed 1", "1+1"),
        ("split", "1/0 --seed 1", "'1/0' is no data: ZeroDivisionError: division by zero"),
        ("evaluate", "model X", "%evaluate needs a model, test data and targets, got 'model X'"),
        ("evaluate", "", "%evaluate needs a model, test data and targets. For example"),
        ("evaluate", "modle X y", "%evaluate: there is no variable 'modle'"),
        ("evaluate", "model X y --confidence high", "--confidence high: give a number, such as 0.95"),
        ("evaluate", "model X y --resamples 1e3", "--resamples 1e3: give a number, such as 2000"),
        ("evaluate", "model X y --into a.b", "'a.b' is no name for a variable"),
        ("evaluate", "model X y --learning-curve X", "--learning-curve X: name the training data and its targets: X_train,y_train"),
        ("evaluate", "model X y --learning-curve X,", "name the training data and its targets: X_train,y_train"),
        ("evaluate", "model X y --metric cots=x", "there is no metric and no function 'x'"),
        ("evaluate", "model X y --metric =x", "--metric =x: write NAME=FUNC"),
        ("evaluate", "model X y --metric acuracy", "Did you mean 'accuracy'?"),
        ("evaluate", "model X y --by knid", "--by knid: there is no such column, and no such variable. Did you mean 'kind'?"),
        ("evaluate", "model X y --against modle", "there is no variable 'modle'"),
        ("promote", "", "Name the registered model: %promote churn 3 --to champion"),
        ("promote", "churn 1 2", "%promote takes no more than 2 words (name, version), got '2' as well"),
        ("promote", "churn --if a > 1 --if b > 2", "--if is given twice: join the conditions by and"),
        ("promote", "churn --margin 1", "--better-than, --on, --metric must be given too"),
        ("promote", "churn --better-than champion --on X --metric f1", "it takes the test data and its targets"),
        ("models", "churn --where a > 1 --where b > 2", "--where is given twice"),
        ("models", "--history", "%models --history shows that of one model"),
        ("register", "", "Name the registered model: %register churn --run forest"),
        ("register", "churn -t team", "-t takes KEY=VALUE, got 'team'"),
        ("register", "churn other", "takes no more than one name, got 'other' as well"),
        ("rollback", "", "Name the registered model: %rollback churn"),
        ("hydra", "", "%hydra binds a config to a variable: %hydra cfg"),
        ("hydra", "lr=1", "%hydra: the variable comes first: %hydra cfg lr=1"),
        ("hydra", "cfg", "There is nothing to compose"),
        ("hydra", "cfg lr", "'lr' is no override"),
        ("mlmagic", "snyc", "got 'snyc'. Did you mean 'sync'?"),
        ("mlmagic", "sync --aenw", "got '--aenw'. Did you mean '--anew'?"),
        ("mlmagic", "sync --yes", "%mlmagic sync takes --anew, or --foreign and with it --yes"),
        ("mlmagic", "sync --anew --foreign", "%mlmagic sync takes --anew, or --foreign and with it --yes"),
        ("mlmagic", "--help", "%mlmagic takes nothing, or sync, got '--help'"),
        ("seed", "4x", "a seed is a whole number from 0 to 4294967295, got '4x'"),
        ("seed", "--deterministic", "--deterministic needs a seed"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_one_line(shell, refused, name, line, said):
    import pandas as pd

    frame = pd.DataFrame({"kind": ["a", "b"] * 10, "x": range(20)})
    shell.push({"frame": frame, "X": frame, "y": frame.x % 2, "model": lambda X: X.x})
    assert said in refused(name, line)


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("line", ["'open", '"open', "a\\"])
def test_a_quote_that_is_not_closed_is_told(refused, name, line):
    of_expressions = {"evaluate", "promote"} if line.endswith("\\") else set()  # a backslash is a part of one
    if name in {"runs", "compare", "hydra", "sweep"} | of_expressions:  # their words are divided in another way
        return
    assert re.search("no closing quotation|no escaped character", refused(name, line))


WORDS = st.sampled_from(
    ["a", "-n", "5", "--to", "x", "--quiet", "--run=a b", "-1", "--", "-", "k=v", "--if", "inf", "-inf"]
)


@given(st.lists(WORDS, max_size=8))
def test_no_word_is_lost_where_options_move_to_the_front(words):
    with_value = {"-n", "--to"}
    assert sorted(options_first(words, with_value)) == sorted(words)
    options, rest, unfinished = divided(words, with_value)
    assert sorted([*options, *rest, *unfinished]) == sorted(words)
    assert unfinished in ([], ["-n"], ["--to"])
    assert not [word for word in rest if word in {"--quiet", "--run=a b", "--if"}]


@given(st.lists(WORDS, max_size=8))
def test_options_that_are_in_front_stay_as_they_are(words):
    once = options_first(words, {"-n", "--to"})
    if not divided(words, {"-n", "--to"})[2]:
        assert options_first(once, {"-n", "--to"}) == once


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("churn --reason 'if --if holds'", ("churn --reason 'if --if holds'", None)),
        ('churn --reason "a --if b" --if x > 1', ('churn --reason "a --if b"', "x > 1")),
        ("churn --if x ~ '--if'", ("churn", "x ~ '--if'")),
        ("--if x > 1 --to a churn", ("--to a", "x > 1 churn")),
        ("churn --if='x > 1'", ("churn", "x > 1")),
        ("churn --if=", ("churn", "")),
        ("churn --if", ("churn", "")),
        ("churn --iff x", ("churn --iff x", None)),
        ("churn no--if x", ("churn no--if x", None)),
        ("", ("", None)),
    ],
)
def test_a_filter_is_taken_off_the_line(line, expected):
    assert take_filter(line, "--if", {"--to", "--reason"}) == expected


@given(st.text(alphabet="ab <>='\"`-n5", max_size=30))
def test_the_words_of_a_filter_keep_their_order_and_their_quotes(line):
    options, condition = split_filter(line, {"-n"})
    if not options:
        assert condition.split() == line.split()
    assert len(" ".join([*options, condition])) <= len(line) + len(options) + 1


@given(st.text(max_size=30))
def test_any_line_is_parsed_or_refused_by_an_error_of_ours(line):
    for name, parser in PARSERS.items():
        with contextlib.suppress(MLMagicError):
            assert vars(parse_line(parser, f"%{name}", line)).keys() == {action.dest for action in parser._actions}
