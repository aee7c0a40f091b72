import contextlib
import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.magics.track import TrackMagics, parse_header
from mlmagic.recording.options import TrackOptions

OPTIONS = [option for action in TrackMagics.track.parser._actions for option in action.option_strings]
WORDS = st.sampled_from(
    [
        *OPTIONS,
        "a",
        "k=v",
        "=",
        "a=b=c",
        "x,y",
        "two words",
        "-",
        "--",
        "-5",
        "-x",
        "--no",
        "--p",
        "--tag=k=v",
        "-pa",
        "é",
        "",
    ]
)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", {}),
        ("baseline", {"name": "baseline"}),
        ('"two words"', {"name": "two words"}),
        ("'it''s' -e \"a 'b'\"", {"name": "its", "experiment": "a 'b'"}),
        ("-e churn", {"experiment": "churn"}),
        ("--experiment=churn x", {"experiment": "churn", "name": "x"}),
        ("-t a=b", {"tags": {"a": "b"}}),
        ("x -t a=b c=d -t e= --tag f=g=h", {"name": "x", "tags": {"a": "b", "c": "d", "e": "", "f": "g=h"}}),
        ("-t 'note=two words'", {"tags": {"note": "two words"}}),
        ("x -p lr", {"name": "x", "params": ("lr",)}),
        ("x -p lr depth -p lr,é -m acc", {"name": "x", "params": ("lr", "depth", "é"), "metrics": ("acc",)}),
        ("--params lr, depth", {"params": ("lr", "depth")}),
        ("-m a b -m c", {"metrics": ("a", "b", "c")}),
        ("--description 'a sentence.'", {"description": "a sentence."}),
        ("--parent run", {"parent": "run"}),
        ("--continue", {"resume": ""}),
        ("--resume", {"resume": ""}),
        ("--resume 'that run'", {"resume": "that run"}),
        ("x --system --no-figures --quiet", {"name": "x", "system": True, "figures": False, "quiet": True}),
        ("{x} $y %z !w", None),
        ("'{x} $y'", {"name": "{x} $y"}),
    ],
)
def test_the_header_says_what_is_wanted(header, expected):
    if expected is None:
        with pytest.raises(UsageProblem, match=r"Quote a name with spaces"):
            parse_header(header)
        return
    assert parse_header(header) == TrackOptions(**expected)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("--experment churn", r"%%track has no option '--experment'\. Did you mean '--experiment'\?"),
        ("-z", r"%%track has no option '-z'\..* It takes -e, --experiment"),
        ("two words", r"no more than one name, got 'words' as well\. Quote a name with spaces: %%track \"two words\""),
        ("-t team", r"-t takes KEY=VALUE, got 'team'"),
        ("-t =risk", r"-t takes KEY=VALUE, got '=risk'"),
        ("-t", r"expected at least one argument"),
        ("-p", r"expected at least one argument"),
        ("-e", r"expected one argument"),
        ("-p model.lr", r"--params takes names of variables, got 'model\.lr'"),
        ("-m 0.9", r"--metrics takes names of variables, got '0\.9'"),
        ("'open", r"no closing quotation; close it, or write it within the other kind"),
        ("a\\", r"no escaped character"),
        ("--system=1", r"ignored explicit argument '1'"),
    ],
)
def test_a_wrong_header_is_one_clear_line(header, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        parse_header(header)
    assert "\n" not in str(caught.value)


@given(st.text() | st.lists(WORDS).map(shlex.join) | st.lists(WORDS).map(" ".join))
@example("--=")
@example("-=")
@example("-- -- --")
@example("\x00")
def test_any_header_is_understood_or_refused_by_one_of_our_errors(header):
    with contextlib.suppress(MLMagicError):
        assert isinstance(parse_header(header), TrackOptions)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{"), min_size=1)  # {0} is Python's 0


@given(NAMES.filter(lambda text: not text.startswith("-")))
def test_any_name_can_be_given_in_quotes(name):
    assert parse_header(shlex.quote(name)).name == name


def test_the_help_shows_every_option_and_what_it_is_for():
    text = TrackMagics.track.__doc__
    for option in OPTIONS:
        assert option in text
    for action in TrackMagics.track.parser._actions:
        assert action.help
    assert "%%track forest -p n_estimators depth -m accuracy" in text
