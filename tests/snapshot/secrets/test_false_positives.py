"""What is no secret stays: 120,000 texts like hashes, and 2,000 names of parameters with their usual values."""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib
import inspect
import pkgutil
import random
import string
import uuid
import warnings

import pytest

from mlmagic.snapshot.secrets.redaction import redact, redact_value

_SEED = 12
_EACH = 10_000
_LIBRARIES = ("sklearn", "torch", "pandas", "numpy", "scipy", "lightgbm", "optuna", "mlflow")
_LEAST_NAMES = 2_000


def hashes():
    """Yield a kind and *_EACH* texts of it, always the same."""
    noise = random.Random(_SEED)

    def digests(name, write):
        return [write(hashlib.new(name, noise.randbytes(16)).digest()) for _ in range(_EACH)]

    def letters(alphabet, *lengths):
        return ["".join(noise.choices(alphabet, k=noise.choice(lengths))) for _ in range(_EACH)]

    yield "md5", digests("md5", bytes.hex)
    yield "sha1, as git shows it", digests("sha1", lambda raw: raw.hex()[: noise.choice((7, 8, 12, 40))])
    yield "sha256", digests("sha256", bytes.hex)
    yield "sha512, in capitals", digests("sha512", lambda raw: raw.hex().upper())
    yield "uuid", [str(uuid.UUID(int=noise.getrandbits(128))) for _ in range(_EACH)]
    yield "run id", [f"runs:/{noise.getrandbits(128):032x}/model-{noise.getrandbits(32):08x}" for _ in range(_EACH)]
    yield "base32", digests("sha256", lambda raw: base64.b32encode(raw).decode())
    yield "base32, small", digests("sha1", lambda raw: base64.b32encode(raw).decode().lower().rstrip("="))
    yield "base64", digests("sha256", lambda raw: base64.b64encode(raw).decode())
    yield "base64 of addresses", digests("sha384", lambda raw: base64.urlsafe_b64encode(raw).decode())
    yield "DNA", letters("ACGT", 20, 21, 33, 60, 100)
    yield "letters and digits", letters(string.ascii_letters + string.digits, 8, 12, 20, 21, 22, 26)


@pytest.mark.parametrize(("kind", "texts"), hashes(), ids=lambda value: value if isinstance(value, str) else "")
def test_no_hash_is_touched(kind, texts):
    assert len(texts) == _EACH
    for template in (
        "{}",
        "digest = {}",
        "run_id: {}",
        "state = '{}'",
        '{{"fingerprint": "{}"}}',
        "x={}",
        "/data/{}/part",
    ):
        together = "\n".join(template.format(text) for text in texts)
        clean, count = redact(together)
        touched = [line for line, left in zip(together.split("\n"), clean.split("\n"), strict=True) if line != left]
        assert (touched, count) == ([], 0)
    assert [text for text in texts[:2000] if redact_value("digest", text)[1]] == []


def modules(library):
    """Yield *library* and its public modules, as far as they can be imported."""
    root = importlib.import_module(library)
    yield root
    for found in pkgutil.iter_modules(root.__path__):
        if not found.name.startswith("_") and found.name not in {"tests", "testing", "conftest", "distributed"}:
            try:
                yield importlib.import_module(f"{library}.{found.name}")
            except Exception:  # noqa: BLE001  # an optional dependency, or a machine that lacks something
                continue


def usual_values():
    """Yield names of parameters and their defaults, of the functions and classes of the installed libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library in _LIBRARIES:
            if importlib.util.find_spec(library) is None:
                continue
            for module in modules(library):
                for thing in list(vars(module).values()):
                    if inspect.isfunction(thing) or inspect.isclass(thing):
                        yield from defaults(thing)
                        yield from documented(inspect.getdoc(thing) or "")


def defaults(thing):
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return
    for parameter in parameters:
        value = parameter.default
        yield parameter.name, value if isinstance(value, str | int | float) else None


def documented(text):
    """Yield what a docstring in NumPy's form says: ``criterion : {"gini", "entropy"}, default="gini"``."""
    for line in text.splitlines():
        name, colon, rest = line.partition(" : ")
        if colon and name.strip().isidentifier():
            yield name.strip(), None
            for quoted in rest.split('"')[1::2] + rest.split("'")[1::2]:
                yield name.strip(), quoted


@pytest.fixture(scope="module")
def settings_of_libraries():
    return sorted({(name, value) for name, value in usual_values()}, key=repr)


def test_no_parameter_of_a_library_is_touched(settings_of_libraries):
    names = {name for name, _ in settings_of_libraries}
    assert len(names) >= _LEAST_NAMES
    lines = [
        line
        for name, value in settings_of_libraries
        for line in (f"{name} = {value!r}", f"{name}={value}", f"{name}: {value}", f"f({name}={value!r})")
    ]
    clean = redact("\n".join(lines))[0]
    touched = [
        line for line, left in zip("\n".join(lines).split("\n"), clean.split("\n"), strict=False) if line != left
    ]
    assert touched == []
    assert [pair for pair in settings_of_libraries if redact_value(*pair)[1]] == []
    assert [name for name in names if redact(name)[1]] == []


def test_the_words_of_a_tokenizer_stay():
    words = ["mean", "first", "[CLS]", "[SEP]", "<pad>", "<|endoftext|>", "</s>", "▁the", "bert-base-uncased", "Ġword"]
    for name in ("token", "pool_token", "cls_token", "CLS_TOKEN", "eos_token", "additional_token", "prompt_token"):
        for word in words:
            text = f"{name} = {word!r}"
            assert redact(text) == (text, 0)
            assert redact_value(name, word) == (word, 0)
            assert ast.literal_eval(redact(repr({name: word}))[0]) == {name: word}
