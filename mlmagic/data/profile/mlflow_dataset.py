"""Datasets in MLflow's format: mlmagic's digest, a profile, and a schema that is derived from both."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlmagic.data.profile.profile import profile
from mlmagic.data.profile.statistics import shown_names
from mlmagic.journal.records import Dataset
from mlmagic.snapshot.secrets.redaction import knowledge, redact

if TYPE_CHECKING:
    from mlmagic.data.fingerprint.fingerprint import Fingerprint

LONGEST_DATASET_NAME = 500
LONGEST_SCHEMA = 1_048_575
"""The most characters that MLflow accepts."""

_MOST_RECENT = 64
_recent: dict[tuple[object, ...], tuple[str, str]] = {}
"""Profile and schema of the data that was described last, the latest at the end: they follow from the content alone."""

_COLUMN_TYPES = {
    "bool": "boolean", "int8": "integer", "int16": "integer", "int32": "integer", "uint8": "integer",
    "uint16": "integer", "uint32": "long", "int64": "long", "float16": "float", "float32": "float",
    "float64": "double", "string": "string", "bytes": "binary", "datetime": "datetime", "date": "datetime",
}  # fmt: skip
_TENSOR_TYPES = {
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
}  # fmt: skip
_CONTEXTS = {
    "training": r"[xy]?(train|training)", "testing": r"[xy]?(test|testing)",
    "validation": r"[xy]?(val|valid|validation)", "evaluation": r"[xy]?(eval|evaluation)",
}  # fmt: skip


def record(name: str, obj: Any, fp: Fingerprint, *, target: Any = None, made: str = "", use: str = "") -> Dataset:
    """Return the record of the dataset *obj*, which the code calls *name* and whose fingerprint is *fp*.

    *target* is the name of the column with the classes, if it is known; *made* states that the run made or changed the
    data before using it, and *use* is MLflow's word for its use, where the
    name implies none.

    Examples
    --------
    >>> import numpy as np
    >>> from mlmagic.data.fingerprint.fingerprint import fingerprint
    >>> X = np.zeros((3, 2))
    >>> found = record("X", X, fingerprint(X))
    >>> found.name, len(found.digest), json.loads(found.profile)["shape"]
    ('X', 32, [3, 2])
    """
    described, schema = _described(obj, fp, target)
    known = redact(name)[0][:LONGEST_DATASET_NAME]
    tags = {"mlmagic.variable": known} | ({"mlmagic.made": made} if made else {})
    return Dataset(
        name=known,
        digest=fp.digest,
        source_type="code",
        # The origin of the data is unknown; MLflow's source type for a dataset made by code is "code".
        source=json.dumps({"tags": tags}, ensure_ascii=False),
        schema=schema,
        profile=described,
        context=_context(name, use),
    )


def _described(obj: Any, fp: Fingerprint, target: Any) -> tuple[str, str]:
    """Return the profile and the schema as JSON; the same data is described once."""
    key = (fp.digest, fp.kind, fp.shape, fp.index, target, knowledge())
    described = _recent.pop(key, None)
    if described is None:
        facts = profile(obj, fp, target=target)
        described = json.dumps(facts, ensure_ascii=False, allow_nan=False), _schema(fp, facts)
    if not fp.sampled and not fp.unhashed:  # else the digest does not stand for all of the content
        if len(_recent) >= _MOST_RECENT:
            del _recent[next(iter(_recent))]
        _recent[key] = described
    return described


def _context(name: str, use: str) -> str:
    context = context_of(name)
    return use if use and context == "input" else context


def context_of(name: str) -> str:
    """Return the MLflow context that a dataset's name implies, or ``input`` if it implies none.

    >>> [context_of(name) for name in ("X_train", "df_test", "val_loader[0]", "y", "values", "latest")]
    ['training', 'testing', 'validation', 'input', 'input', 'input']
    """
    words = re.split(r"[\W_\d]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold())
    for context, pattern in _CONTEXTS.items():
        if any(re.fullmatch(pattern, word) for word in words):
            return context
    return "input"


def _schema(fp: Fingerprint, facts: dict[str, Any]) -> str:
    """Return the schema in MLflow's format; empty if it is too long or MLflow lacks the type of an array."""
    if "columns" in facts:
        schema: dict[str, Any] = {"mlflow_colspec": _column_specs(fp, facts)}
    else:
        kind = facts["values"]["type"]
        if "pandas" in fp.kind or "polars" in fp.kind:
            schema = {"mlflow_colspec": [{"type": _column_type(kind), "required": not facts["values"]["nulls"]}]}
        elif kind not in _TENSOR_TYPES:
            return ""
        else:
            spec = {"type": "tensor", "tensor-spec": {"dtype": kind, "shape": [-1, *fp.shape[1:]]}}
            schema = {"mlflow_tensorspec": {"features": json.dumps([spec]), "targets": None}}
    text = json.dumps(schema, ensure_ascii=False)
    return text if len(text) <= LONGEST_SCHEMA else ""


def _column_specs(fp: Fingerprint, facts: dict[str, Any]) -> list[dict[str, Any]]:
    nulls = [column["nulls"] for column in facts["columns"]]
    specs = []
    for number, (name, kind) in enumerate(zip(shown_names(fp.types), fp.types.values(), strict=True)):
        # Nulls were counted in the first columns only; the other columns must not be marked as required.
        required = number < len(nulls) and not nulls[number]
        specs.append({"type": _column_type(kind), "name": name, "required": required})
    return specs


def _column_type(kind: str) -> str:
    """Return MLflow's type, or ``any`` if it has none."""
    inner = kind.removeprefix("category<").rstrip(">").partition(",")[0].partition("<")[0]
    return _COLUMN_TYPES.get(inner, "any")
