"""Only classes that are allowed are made from a config: a config is data, and may come from anywhere."""

import pytest
from omegaconf import OmegaConf

from mlmagic.config.composing import compose
from mlmagic.config.instantiating import instantiate
from mlmagic.errors import UsageProblem
from mlmagic.user_settings import settings


@pytest.fixture(autouse=True)
def _no_more_allowed():
    yield
    settings.instantiate_allow = []


def test_a_class_of_a_known_package_is_made_with_its_parts():
    config = compose(
        yaml="""
        depth: 3
        model:
          _target_: sklearn.ensemble.AdaBoostClassifier
          estimator:
            _target_: sklearn.tree.DecisionTreeClassifier
            max_depth: ${depth}
        """
    )
    made = instantiate(config.model, n_estimators=7)
    assert (made.n_estimators, made.estimator.max_depth) == (7, 3)


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "IPython.utils.process.system",
        "sklearn.externals.os.system",
        "sklearn.utils._joblib.subprocess.call",
        "sklearn.datasets.fetch_openml",
        "torch.hub.load",
        "torch.load",
        "sklearnx.evil.Thing",
        "torch.nn.modules.module.warnings.warn",
    ],
)
def test_what_is_not_allowed_is_not_even_called(target):
    for config in ({"_target_": target}, {"_target_": "sklearn.svm.SVC", "C": [{"deep": {"_target_": target}}]}):
        with pytest.raises(UsageProblem, match=r"is not allowed|There is no"):
            instantiate(config)
    with pytest.raises(UsageProblem, match=r"is not allowed|There is no"):
        instantiate({"_target_": "sklearn.svm.SVC"}, C={"_target_": target})


def test_no_module_is_imported_to_find_out(tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("raise SystemExit('it ran')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageProblem, match=r"'evil_module\.Thing' is not allowed"):
        instantiate({"_target_": "evil_module.Thing"})


def test_the_user_allows_more_a_function_by_its_name():
    with pytest.raises(
        UsageProblem, match=r"instantiate_allow = \[\*mlmagic.settings.instantiate_allow, 'math.sqrt'\]"
    ):
        instantiate({"_target_": "math.sqrt", "_args_": [9]})
    settings.instantiate_allow = ["math.sqrt", "fractions"]
    assert instantiate({"_target_": "math.sqrt", "_args_": [9]}) == 3
    assert instantiate({"_target_": "fractions.Fraction", "numerator": 1, "denominator": 2}) * 2 == 1
    with pytest.raises(UsageProblem, match=r"'math\.log' is not allowed"):
        instantiate({"_target_": "math.log", "_args_": [9]})


@pytest.mark.filterwarnings("error")
def test_an_object_that_can_be_called_is_made_without_a_warning():
    torch = pytest.importorskip("torch")
    layers = [{"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 1}, {"_target_": "torch.nn.ReLU"}]
    made = instantiate({"_target_": "torch.nn.Sequential", "_args_": layers})
    assert [type(part) for part in made] == [torch.nn.Linear, torch.nn.ReLU]
    later = instantiate({"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1})
    assert later(made.parameters()).defaults["lr"] == 0.1


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"C": 1}, "has no _target_"),
        ("sklearn.svm.SVC", "has no _target_"),
        ({"_target_": "sklearn.svm.SVCC"}, r"There is no 'sklearn.svm.SVCC'\. Did you mean 'SVC'\?"),
        ({"_target_": 3}, "_target_ is the name of a class, not 3"),
        ({"_target_": ["sklearn.svm.SVC"]}, "_target_ is the name of a class, not \\['sklearn"),
        ({"_target_": ""}, "The target '' is not allowed"),
        ({"_target_": "sklearn"}, "The target 'sklearn' is not allowed"),
        ({"_target_": "sklearn.svm"}, "The target 'sklearn.svm' is not allowed"),
        ({"_target_": "sklearn.svm.SVC.fit"}, "is not allowed"),
        ({"_target_": "sklearn.svm.SVC.__init__.__globals__"}, "is not allowed"),
        ({"_target_": "sklearn.base.clone"}, "is not allowed"),
        ({"_target_": "sklearn.nope.nope"}, "There is no 'sklearn.nope.nope'"),
        ({"_target_": "sklearn.svm.SVC "}, r"Did you mean 'SVC'\?"),
        ({"_target_": "__main__"}, "is not allowed"),
        ({"_target_": "__main__.no_such_class"}, "There is no '__main__.no_such_class'"),
        (None, "has no _target_"),
        ([{"_target_": "sklearn.svm.SVC"}], "has no _target_"),
    ],
)
def test_a_mistake_is_one_line(config, message):
    with pytest.raises(UsageProblem, match=message):
        instantiate(config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"max_dpth": 3}, r"DecisionTreeClassifier takes no 'max_dpth'\. Did you mean 'max_depth'\?"),
        ({"zz": 3}, r"DecisionTreeClassifier takes no 'zz'\. It takes: criterion, splitter"),
        ({"max_depth": {"_target_": "sklearn.svm.SVC", "CC": 1}}, r"SVC takes no 'CC'\."),
    ],
)
def test_a_wrong_keyword_is_one_line(config, message):
    with pytest.raises(UsageProblem, match=message):
        instantiate({"_target_": "sklearn.tree.DecisionTreeClassifier", **config})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("${nope}", r"^The config cannot be resolved: model\.C: Interpolation key 'nope' not found"),
        ("${oc.env:NO_SUCH_VARIABLE}", r"Environment variable 'NO_SUCH_VARIABLE' not found"),
        ("???", r"The config has no value for C \(\?\?\?\): set it, or pass"),
    ],
)
def test_a_value_that_the_config_does_not_have_is_one_line(value, message):
    config = OmegaConf.create({"model": {"_target_": "sklearn.svm.SVC", "C": value}})
    with pytest.raises(UsageProblem, match=message) as caught:
        instantiate(config.model)
    assert "\n" not in str(caught.value)


def test_hydras_own_words_in_a_config_count():
    pipeline = {"_target_": "sklearn.pipeline.Pipeline", "steps": [["svm", {"_target_": "sklearn.svm.SVC", "C": 2}]]}
    assert instantiate(pipeline).named_steps["svm"].C == 2
    assert instantiate({**pipeline, "_recursive_": False}).steps == [["svm", pipeline["steps"][0][1]]]
    later = instantiate({"_target_": "sklearn.svm.SVC", "_partial_": True, "C": 3})
    assert later(kernel="linear").get_params()["C"] == 3
    assert instantiate({"_target_": "sklearn.svm.SVC", "C": 1}, C=7).C == 7
    assert instantiate({"_target_": "sklearn.svm.SVC", "C": "???"}, C=7).C == 7


def test_a_keyword_that_is_given_in_python_is_checked_too():
    with pytest.raises(UsageProblem, match=r"SVC takes no 'kernl'\. Did you mean 'kernel'\?"):
        instantiate({"_target_": "sklearn.svm.SVC"}, kernl="rbf")


def test_what_the_target_raises_itself_is_raised():
    with pytest.raises(TypeError, match="missing 3 required positional"):
        instantiate({"_target_": "sklearn.calibration.CalibrationDisplay"})
