"""MLM001 to MLM003: random numbers, generators and estimators that no seed fixes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from mlmagic.reproducibility.code import is_constant, is_none
from mlmagic.reproducibility.findings import found_at
from mlmagic.reproducibility.library_names import (
    ENSEMBLES,
    RANDOM_ESTIMATORS,
    RANDOM_FUNCTIONS,
    RANDOM_IF,
    is_of_library,
)
from mlmagic.reproducibility.seeding import NUMPY, PYTHON, TENSORFLOW, TORCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.reproducibility.code import Code, FoundCall
    from mlmagic.reproducibility.findings import Finding
    from mlmagic.reproducibility.seeding import Seeding

_PYTHON_DRAWS = frozenset({
    "random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "triangular", "gauss",
    "normalvariate", "lognormvariate", "expovariate", "betavariate", "gammavariate", "getrandbits", "randbytes",
})  # fmt: skip
_NUMPY_OTHERS = frozenset({
    "default_rng", "Generator", "RandomState", "SeedSequence", "seed", "PCG64", "PCG64DXSM", "MT19937", "Philox",
    "SFC64", "BitGenerator", "set_state", "get_state",
})  # fmt: skip
_NUMPY_GENERATORS = frozenset({"default_rng", "RandomState", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"})
_TORCH_DRAWS = frozenset({
    "rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "rand_like", "randn_like",
    "randint_like", "poisson",
})  # fmt: skip
_TORCH_LAYERS = frozenset({
    "Linear", "LazyLinear", "Bilinear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
    "ConvTranspose3d", "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell", "Embedding", "EmbeddingBag",
    "MultiheadAttention", "Transformer", "TransformerEncoderLayer", "TransformerDecoderLayer", "Dropout", "Dropout2d",
})  # fmt: skip
_KERAS_LAYERS = frozenset({
    "Dense", "Conv1D", "Conv2D", "Conv3D", "SeparableConv2D", "LSTM", "GRU", "SimpleRNN", "Embedding", "Dropout",
    "MultiHeadAttention",
})  # fmt: skip
_WITHOUT_NOISE = frozenset({"make_circles", "make_moons"})
_SHOWN = 3


def find(code: Code, seeding: Seeding) -> Iterator[Finding]:
    """Yield what draws unseeded random numbers: the first call of each library, each generator, each estimator."""
    unseeded: dict[str, list[FoundCall]] = {}
    seeded_otherwise = _given_to_ensembles(code) | _set_later(code)
    for call in code.calls:
        library = _global_generator(call)
        if library is not None and not seeding.covers(library, call):
            unseeded.setdefault(library, []).append(call)
        if is_unseeded_generator(call):
            fix = _assigned(call, "random.Random(42)" if call.name == "Random" else f"np.random.{call.name}(42)")
            message = f"{call.path}() draws its seed from the system, which %seed does not change"
            yield found_at(call.cell, call.node.lineno, "MLM002", message, fix=fix, last_line=call.node.end_lineno)
        if is_random(call) and id(call.node) not in seeded_otherwise:
            draws_later = not _is_random_function(call)
            if not seeding.covers(NUMPY, call, draws_later=draws_later):
                yield _without_random_state(call)
    for library, calls in unseeded.items():
        first = calls[0]
        names = list(dict.fromkeys(call.path for call in calls))
        more = f", {', '.join(names[1 : 1 + _SHOWN])}" if len(names) > 1 else ""
        message = f"{names[0]}{more}: {library} is not seeded before"
        fix = "mlmagic.seed(42)" if first.cell.is_from_script else "%seed 42"
        yield found_at(first.cell, first.node.lineno, "MLM001", message, fix=fix, last_line=first.node.end_lineno)


def draws(call: FoundCall) -> bool:
    """Return whether a call draws random numbers or makes something that does, seeded or not."""
    return _global_generator(call) is not None or _is_generator(call) or _may_be_random(call)


def _global_generator(call: FoundCall) -> str | None:
    """Return the library whose global random numbers a call takes, None if it takes none."""
    module, _, name = call.path.rpartition(".")
    if module == "random" and name in _PYTHON_DRAWS:
        return PYTHON
    if module == "numpy.random" and name not in _NUMPY_OTHERS:
        return NUMPY
    if _is_pandas_sample(call):
        return NUMPY
    if _is_of_torch(call, module, name):
        return TORCH
    if (module.endswith("keras.layers") and name in _KERAS_LAYERS) or (
        module == "tensorflow.random" and "seed" not in name
    ):
        return TENSORFLOW
    return None


def _is_of_torch(call: FoundCall, module: str, name: str) -> bool:
    if call.given("generator") is not None:
        return False
    if module == "torch" and name in _TORCH_DRAWS:
        return True
    if module == "torch.nn" and name in _TORCH_LAYERS:
        return True
    if module == "torch.nn.init" and name.endswith(("uniform_", "normal_", "orthogonal_")):
        return True
    return call.path in {"torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader"} and is_constant(
        call.given("shuffle"),
        True,  # the value that is looked for
    )


def _is_pandas_sample(call: FoundCall) -> bool:
    is_method = isinstance(call.node.func, ast.Attribute) and call.node.func.attr == "sample"
    if not is_method or call.path.startswith(("random.", "torch.", "optuna.", "scipy.")) or call.has_unknown_arguments:
        return False
    has_size = call.given("frac") is not None or call.given("n") is not None
    return has_size and is_none(call.given("random_state"))


def _is_generator(call: FoundCall) -> bool:
    module, _, name = call.path.rpartition(".")
    return (module == "numpy.random" and name in _NUMPY_GENERATORS) or call.path == "random.Random"


def is_unseeded_generator(call: FoundCall) -> bool:
    """Return whether a call makes a random generator without a seed."""
    if not _is_generator(call) or call.has_unknown_arguments:
        return False
    given = [*call.node.args, *(one.value for one in call.node.keywords)]
    return not given or all(map(is_none, given))


def _may_be_random(call: FoundCall) -> bool:
    if is_of_library(call.path, RANDOM_ESTIMATORS):
        init = call.given("init")  # k-means from given centres draws nothing
        return init is None or isinstance(init, ast.Constant)
    if _is_random_function(call):
        return True
    if not is_of_library(call.path, frozenset(RANDOM_IF)):
        return False
    parameter, values = RANDOM_IF[call.name]
    return any(is_constant(call.given(parameter), value) or _equals(call.given(parameter), value) for value in values)


def is_random(call: FoundCall) -> bool:
    """Return whether a call makes an estimator that draws random numbers, and passes it no ``random_state``."""
    return _may_be_random(call) and not call.has_unknown_arguments and is_none(call.given("random_state"))


def _given_to_ensembles(code: Code) -> set[int]:
    """Return the ids of the calls that make the estimator of an ensemble, which sets its ``random_state``."""
    found: set[int] = set()
    for call in code.calls:
        if not is_of_library(call.path, ENSEMBLES):
            continue
        inner = call.given("estimator") or call.given("base_estimator") or next(iter(call.node.args), None)
        if isinstance(inner, ast.Call):
            found.add(id(inner))
        if isinstance(inner, ast.Name):
            found.update(id(value) for name, value in _assigned_calls(code) if name == inner.id)
    return found


def _set_later(code: Code) -> set[int]:
    """Return the ids of all calls if the code sets ``random_state`` by ``set_params``: of which is not known."""
    sets = [call for call in code.calls if getattr(call.node.func, "attr", "") == "set_params"]
    if any((one.arg or "random_state").endswith("random_state") for call in sets for one in call.node.keywords):
        return {id(call.node) for call in code.calls if not _is_random_function(call)}
    return set()


def _assigned_calls(code: Code) -> Iterator[tuple[str, ast.Call]]:
    for cell in code.cells:
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                yield from ((one.id, node.value) for one in node.targets if isinstance(one, ast.Name))


def _is_random_function(call: FoundCall) -> bool:
    if not call.path.startswith("sklearn."):
        return False
    if call.name in _WITHOUT_NOISE and is_constant(call.given("shuffle"), False):
        return call.given("noise") is not None
    return call.name in RANDOM_FUNCTIONS or call.path == "sklearn.utils.shuffle"


def _equals(node: ast.expr | None, value: Any) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is type(value) and bool(node.value == value)


def _without_random_state(call: FoundCall) -> Finding:
    given = [ast.unparse(one) for one in call.node.args]
    given += [f"{one.arg}={ast.unparse(one.value)}" for one in call.node.keywords if one.arg != "random_state"]
    called = ast.unparse(call.node.func)
    shown = f"{called}({', '.join([*given, 'random_state=42'])})"
    fix = shown if len(shown) <= 100 else f"{called}(…, random_state=42)"  # noqa: PLR2004  # as long as a line of code
    message = f"{call.name} draws random numbers, without random_state and without a seed before"
    return found_at(call.cell, call.node.lineno, "MLM003", message, fix=fix, last_line=call.node.end_lineno)


def _assigned(call: FoundCall, made: str) -> str:
    """Return the assignment that the call stands in, with *made* in its place, or *made* alone."""
    for node in ast.walk(call.cell.tree):
        if isinstance(node, ast.Assign) and node.value is call.node and isinstance(node.targets[0], ast.Name):
            return f"{node.targets[0].id} = {made}"
    return made
