"""Words and random letters: which values a person or a program chose as a name, and which a generator made."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from functools import lru_cache
from pathlib import Path

_PART = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}(?![a-z])")
_SWITCH = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_SIGNS = re.compile(r"[\W_]+")
_NAME_PIECE = re.compile(r"[A-Za-z]+\d{0,4}|\d+[A-Za-z]?")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}")
_BASES = frozenset("ACGTUN")
_LEAST_SHARE = 0.8  # of the letters that stand in words; of random letters and digits it is 0.1, of small letters 0.3
_MOST_SWITCHES = 4  # between letters and digits: a random text of 16 has six, `resnet50v2` has three
_LONGEST_WORD = 20
_LEAST_JUDGED = 8
_FEWEST_VOWELS = 0.2

# Words that stand in code, logs and requirements, and that people use as passwords; the ML terms among them.
_WORDS = frozenset(
    """
    accuracy adam admin administrator airflow alpha anaconda analysis anonymous api app attention auto average awesome
    backend bar base baseline batch bert best beta binary boost bot bucket cat category changeme class classifier client
    cloud cluster cls conda config connection context core cross cuda dask data database databricks dataset db debug
    decoder deep default demo dev develop disabled docker dropout dummy elastic embedding empty enabled encoder end
    entropy epoch error eval example experiment export fail false feature filter first float flow foo forest forgotten
    fraud gamma gpt gpu gradient guest hello hidden host house image images incorrect index infer info input int invalid
    jupyter kafka kaggle kernel key keras label lambda last layer lightgbm linear llama local localhost log login logit
    loss lstm machine mandatory mask master max mean median metric min minio missing mlflow model mongo mongodb mysql
    name net network neural new news nginx nobody node none notebook null number numpy offline online optional optuna
    oracle output pad pandas param pass password pipeline pool postgres postgresql predict prefix price private prod
    production project prompt public python pytorch query rabbitmq random range ray read readonly redis regression
    required reset result robot root run sample score search secret secrets security sep sequence server service session
    sigmoid sklearn spark split staff staging standard start state storage store str stream string student suffix
    sum superuser system target tensor tensorflow test tester testing text theta token tokenizer torch train trainer
    training transformer tree trial true unk unknown update user username users val validation value vector version
    vision wandb web weight welcome wikitext word words worker workspace world wrong xgboost yes
    """.split()  # noqa: SIM905  # a list of 200 quoted words is none that one reads
)


@lru_cache(maxsize=4096)
def looks_generated(text: str) -> bool:
    """Return whether *text* reads as random letters and digits, not as words, an identifier, numbers or DNA.

    >>> [looks_generated(text) for text in ("a1B2c3D4e5", "qwkjhzxmvb", "sensitivity", "resnet50-v2", "ACGTACGTAC")]
    [True, True, False, False, False]
    """
    if text.isdigit() or _BASES.issuperset(text):
        return False
    if len(_SWITCH.findall(text)) >= _MOST_SWITCHES:
        return True
    in_words = sum(len(part) for part in _PART.findall(text) if _is_a_word(part.lower()))
    return in_words < _LEAST_SHARE * sum(c.isalpha() for c in text)


def _is_a_word(part: str) -> bool:
    vowels = sum(part.count(vowel) for vowel in "aeiouy")
    return len(part) <= _LONGEST_WORD and not _CONSONANTS.search(part) and vowels >= _FEWEST_VOWELS * len(part)


def is_name(text: str) -> bool:
    """Return whether *text* is made of words, each with a short number at most, as names of models and columns are.

    >>> [is_name(text) for text in ("bert-base-uncased-v2", "feature_17", "[CLS]", "hunter2x", "s3cr3t-value")]
    [True, True, True, False, False]
    """
    pieces = [piece for piece in _SIGNS.split(text) if piece]
    return all(
        _NAME_PIECE.fullmatch(piece) and not (len(piece) >= _LEAST_JUDGED and looks_generated(piece))
        for piece in pieces
    )


def is_common_word(text: str) -> bool:
    """Return whether *text* is a word of code, of an installed package or of machine learning, such as ``mlflow``.

    >>> [is_common_word(text) for text in ("mlflow", "Admin", "import", "swordfish")]
    [True, True, True, False]
    """
    word = text.lower().replace("-", "_")
    return word in _WORDS or word in _words_of_code() or word in _installed(tuple(sys.path))


@lru_cache(maxsize=1)
def _words_of_code() -> frozenset[str]:
    return frozenset(word.lower() for word in (*keyword.kwlist, *dir(builtins), *sys.stdlib_module_names))


@lru_cache(maxsize=4)
def _installed(path: tuple[str, ...]) -> frozenset[str]:
    """Return the names of what lies on *path*: modules, packages and distributions; their list takes milliseconds."""
    names: set[str] = set()
    for folder in path:
        try:
            names.update(entry.name.lower() for entry in Path(folder or ".").iterdir())
        except OSError:  # a folder that is not there, or an archive
            continue
    return frozenset(re.split(r"[.\-]", name)[0] for name in names)
