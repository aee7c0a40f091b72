"""What MLflow's store is asked for one condition; nothing is asked that could leave out a run which passes."""

import pytest

from mlmagic.store.query.filters.names import Located
from mlmagic.store.query.filters.narrowing import asked_of_store
from mlmagic.store.query.filters.tree import Condition, Name, Value

METRIC, PARAM, TAG = (Located(kind, "k", "k") for kind in ("metric", "param", "tag"))
STATUS, RUN_NAME, START = (Located("attribute", key, key) for key in ("status", "run_name", "start_time"))
DATA = Located("data", "name", "data")

ASKED = [
    (METRIC, "<", "0.5", "metrics.`k` < 0.5"),
    (METRIC, "=", "1e3", "metrics.`k` = 1000.0"),
    (METRIC, "!=", "0", None),  # older MLflow takes NaN for 0
    (METRIC, "<", "nan", None),
    (METRIC, ">", "inf", None),
    (METRIC, "<", "1e308", "metrics.`k` < 1e308"),
    (METRIC, "<", "1.7976931348623157e308", None),
    (METRIC, "is missing", "", None),
    (PARAM, "=", "'adam'", "params.`k` = 'adam'"),
    (PARAM, "!=", "'adam'", "params.`k` != 'adam'"),
    (PARAM, "=", "adam", "params.`k` ILIKE 'adam'"),
    (PARAM, "=", "skip", "params.`k` ILIKE 's__p'"),  # the sign of Kelvin is a k in lower case
    (PARAM, "=", "0.1", None),  # 0.10 is the same number
    (PARAM, "=", "'it''s \"x\"'", None),
    (PARAM, "~", "adam", None),  # a file store lets % stand for one line only
    (PARAM, "in", "a", None),
    (PARAM, "=", "a" * 501, None),
    (TAG, "=", "'v1'", "tags.`k` = 'v1'"),
    (STATUS, "=", "finished", "attributes.status = 'FINISHED'"),
    (STATUS, "!=", "'FAILED'", "attributes.status != 'FAILED'"),
    (RUN_NAME, "~", "forest", "attributes.run_name ILIKE '%forest%'"),
    (RUN_NAME, "like", "a%", "attributes.run_name LIKE 'a%'"),
    (RUN_NAME, "=", "'größe'", "attributes.run_name = 'größe'"),
    (RUN_NAME, "=", "größe", "attributes.run_name ILIKE 'gr%e'"),
    (RUN_NAME, "!=", "'a'", None),  # the store leaves out runs without a name
    (RUN_NAME, "~", "%", None),
    (DATA, "=", "'train'", None),
]


@pytest.mark.parametrize(("located", "operator", "value", "asked"), ASKED)
def test_what_the_store_is_asked(located, operator, value, asked):
    quoted = value.startswith("'")
    values = () if operator.startswith("is ") else (Value(value[1:-1].replace("''", "'") if quoted else value, quoted),)
    assert asked_of_store(Condition(Name("", located.label), operator, values), located) == asked


@pytest.mark.parametrize("key", ["a`b", 'a"b', "a\nb", "größe'", ""])
def test_a_key_that_mlflow_could_misread_is_never_asked_for(key):
    located = Located("metric", key, key)
    assert asked_of_store(Condition(Name("", key), "<", (Value("1"),)), located) is None
