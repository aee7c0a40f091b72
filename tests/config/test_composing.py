"""Composing by Hydra itself, and what each mistake is told."""

import enum
from dataclasses import dataclass, field

import hydra
import pytest
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.version import VersionBase
from omegaconf import MISSING, OmegaConf
from packaging.version import Version

from mlmagic.config.composing import compose, composition, composition_of, compositions_in
from mlmagic.config.flat import resolvable
from mlmagic.errors import UsageProblem

BODY = "defaults:\n  - model: rf\n  - _self_\nlr: 0.1\n"


@dataclass
class Model:
    depth: int = 3


class Mode(enum.Enum):
    fast = 1
    exact = 2


@dataclass
class Train:
    lr: float = 0.1
    mode: Mode = Mode.fast
    model: Model = field(default_factory=Model)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of configs with the groups model and db/engine; the working folder is the one above."""
    here = tmp_path / "configs"
    (here / "model").mkdir(parents=True)
    (here / "db" / "engine").mkdir(parents=True)
    (here / "config.yaml").write_text(BODY + "name: ${model.kind}-${lr}\n")
    (here / "other.yaml").write_text("lr: 7\n")
    (here / "old.yml").write_text("lr: 7\n")
    (here / "model" / "rf.yaml").write_text("kind: forest\ndepth: 3\n")
    (here / "model" / "logreg.yaml").write_text("kind: linear\nC: 1.0\n")
    (here / "db" / "engine" / "fast.yaml").write_text("# @package store\nspeed: 9\n")
    monkeypatch.chdir(tmp_path)
    return here


@pytest.mark.parametrize(
    ("overrides", "given", "expected"),
    [
        ((), {"yaml": "lr: 0.1"}, {"lr": 0.1}),
        (("lr=1e-3",), {"yaml": "lr: 0.1"}, {"lr": 0.001}),
        ((), {"yaml": ""}, {}),
        (("+x={a: 1, b: [1, 2]}", "~lr"), {"yaml": "lr: 1"}, {"x": {"a": 1, "b": [1, 2]}}),
        ((), {"yaml": BODY, "config_dir": "configs"}, {"model": {"kind": "forest", "depth": 3}, "lr": 0.1}),
        (
            ("model=logreg", "model.C=3"),
            {"yaml": BODY, "config_dir": "configs"},
            {"model": {"kind": "linear", "C": 3}, "lr": 0.1},
        ),
        (
            ("model=logreg",),
            {"config_dir": "configs"},
            {"model": {"kind": "linear", "C": 1.0}, "lr": 0.1, "name": "linear-0.1"},
        ),
        ((), {"config_dir": "configs", "config_name": "other"}, {"lr": 7}),
        ((), {"config_dir": "configs", "config_name": "other.yaml"}, {"lr": 7}),
        (("+db/engine=fast",), {"yaml": "a: 1", "config_dir": "configs"}, {"a": 1, "store": {"speed": 9}}),
        (("+name=größe", "+text='a,b'", "+city=[köln, 'new york']"), {"yaml": "a: 1"},
         {"a": 1, "name": "größe", "text": "a,b", "city": ["köln", "new york"]}),
        ((), {"yaml": "a: 1\nb: ${a}\nc: {d: '${b}x'}"}, {"a": 1, "b": 1, "c": {"d": "1x"}}),
        ((), {"yaml": "# @package sub\nlr: 1"}, {"sub": {"lr": 1}}),
        (("lr=2", "mode=exact"), {"schema": Train}, {"lr": 2.0, "mode": "exact", "model": {"depth": 3}}),
        ((), {"schema": Train, "yaml": "lr: 3"}, {"lr": 3.0, "mode": "fast", "model": {"depth": 3}}),
        (("a=1",), {"yaml": "a: ???"}, {"a": 1}),
    ],
)  # fmt: skip
def test_hydra_composes(folder, overrides, given, expected):
    config = compose(*overrides, **given)
    assert OmegaConf.to_container(config, resolve=True, enum_to_str=True) == expected


@dataclass
class Open:
    lr: float = 0.1
    name: str = "x"
    model: dict = field(default_factory=dict)


def test_a_schema_checks_a_folder_of_configs_too(folder):
    config = compose("model=logreg", config_dir=folder, schema=Open)
    assert OmegaConf.get_type(config) is Open
    assert (config.model.C, config.lr) == (1.0, 0.1)
    with pytest.raises(UsageProblem, match=r"lr: Value 'fast' of type 'str' could not be converted to Float"):
        compose("lr=fast", config_dir=folder, schema=Open)


@dataclass
class Unfinished:
    path: str = MISSING


@dataclass
class Nested:
    sub: Model | None = None
    subs: list[Model] | None = None
    by: dict[str, Model] | None = None
    lr: float = 0.1


@dataclass
class Outer:
    deep: Nested = field(default_factory=Nested)


def own_resolver():
    raise SystemExit("odd")


OmegaConf.register_new_resolver("test_odd", own_resolver)


@pytest.mark.parametrize(
    ("overrides", "given", "expected", "open_keys"),
    [
        ((), {"schema": Unfinished}, {}, ["path (???)"]),
        ((), {"yaml": "a: '???'\nb: {c: '???', d: 1}"}, {"b.d": 1}, ["a (???)", "b.c (???)"]),
        ((), {"yaml": "a: ???\nb: ${a}\nc: x${a}\nd: 1"}, {"d": 1}, ["b (Missing mandatory value: a)", "c (", "a (???)"]),
        (("a=2",), {"yaml": "a: ???\nb: ${a}"}, {"a": 2, "b": 2}, []),
        ((), {"yaml": "out: ${oc.env:NO_SUCH_VARIABLE}\nlr: 1"}, {"lr": 1}, ["out (Environment variable 'NO_SUCH_VARIABLE' not found)"]),
        ((), {"yaml": "out: ${oc.env:NO_SUCH_VARIABLE}/x\nsub: {again: '${out}', n: 1}"}, {"sub.n": 1}, ["out (", "sub.again ("]),
        ((), {"yaml": "out: ${oc.env:NO_SUCH_VARIABLE,none}"}, {"out": "none"}, []),
        ((), {"yaml": "odd: ${test_odd:}\nlr: 1"}, {"lr": 1}, ["odd (odd)"]),
        ((), {"yaml": "layers: [1, '${oc.env:NO_SUCH_VARIABLE}']\nlr: 1"}, {"lr": 1}, ["layers ("]),
        ((), {"yaml": "n: ${oc.decode:'[1'}\nlr: 1"}, {"lr": 1}, ["n ("]),
        ((), {"schema": Nested, "yaml": "lr: ${oc.env:NO_SUCH_VARIABLE}"}, {"sub": None, "subs": None, "by": None}, ["lr ("]),
    ],
)  # fmt: skip
def test_what_has_no_value_yet_is_named_and_the_rest_composes(overrides, given, expected, open_keys):
    made = composition(*overrides, **given)
    found = resolvable(made.config)
    assert found.leaves() == expected
    for key in open_keys:
        assert key in found.told()
    assert len(found.open) == len(open_keys)
    assert [note for note in made.notes if note.startswith("no value yet for ")] == (
        [f"no value yet for {found.told()}"] if open_keys else []
    )


HYDRA_VALUES = """
defaults: [{model: rf}, _self_]
lr: 0.1
out: ${hydra:runtime.cwd}/x
job: ${hydra:job.name}
both: ${hydra:job.name}-${lr}
choice: ${hydra:runtime.choices.model}
choices: ${hydra:runtime.choices}
task: ${hydra:overrides.task}
base: ${oc.decode:${hydra:job.name}}
by_group: ${hydra:runtime.choices.${group}}
group: model
nested: {here: ['${hydra:job.config_name}', '${hydra:job.override_dirname}']}
escaped: \\${hydra:job.name}
folder: ${hydra:runtime.output_dir}
none: ${hydra:job.nothing}
odd: ${oc.env:NO_SUCH_VARIABLE}/${hydra:job.name}
"""


def test_hydras_own_values_are_filled_in(folder, monkeypatch):
    monkeypatch.setenv("MLMAGIC_NOTEBOOK", str(folder.parent / "forest.ipynb"))
    made = composition("model=logreg", "lr=0.5", yaml=HYDRA_VALUES, config_dir=folder)
    config = made.config
    here = str(folder.parent)
    assert (config.out, config.job, config.both, config.base) == (f"{here}/x", "forest", "forest-0.5", "forest")
    assert (config.choice, config.by_group, config.choices.model) == ("logreg", "logreg", "logreg")
    assert config.task == ["model=logreg", "lr=0.5"]
    assert config.nested.here == ["cfg", "lr=0.5,model=logreg"]
    assert config.escaped == "${hydra:job.name}"
    assert config.folder.startswith(f"{here}/outputs/")
    assert config.none is None
    assert made.shows_overrides
    assert [note for note in made.notes if "odd (Environment variable" in note]
    config.lr = 7
    assert config.both == "forest-7"  # what else it refers to stays an interpolation
    assert not (folder.parent / "outputs").exists()
    monkeypatch.chdir(folder)
    assert config.out == f"{here}/x"


@pytest.mark.parametrize(
    ("overrides", "given", "expected"),
    [
        (("hydra.job.name=own",), {"yaml": "job: ${hydra:job.name}"}, {"job": "own"}),
        ((), {"yaml": "hydra: {job: {name: own}}\njob: x-${hydra:job.name}"}, {"job": "x-own"}),
        (("hydra.run.dir=/o/${hydra:job.name}", "hydra.job.name=j"), {"yaml": "out: ${hydra:runtime.output_dir}"}, {"out": "/o/j"}),
        ((), {"config_dir": "configs", "config_name": "named"}, {"name": "named"}),
        ((), {"schema": Open, "yaml": "name: ${hydra:job.config_name}"}, {"name": "cfg", "lr": 0.1, "model": {}}),
        (("name=${hydra:job.config_name}",), {"schema": Open}, {"name": "cfg", "lr": 0.1, "model": {}}),
        ((), {"yaml": "a: ${hydra:mode}"}, {"a": None}),
    ],
)  # fmt: skip
def test_hydras_own_values_follow_overrides_and_files(folder, overrides, given, expected):
    (folder / "named.yaml").write_text("name: ${hydra:job.config_name}\n")
    config = compose(*overrides, **given)
    assert OmegaConf.to_container(config, resolve=True, enum_to_str=True) == expected
    assert not HydraConfig.initialized()


def test_within_an_application_of_hydras_its_own_values_count(folder):
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    with initialize_config_dir(str(folder), version_base="1.3", job_name="application"):
        before = HydraConfig.instance().cfg
        HydraConfig.instance().set_config(hydra_compose("other", return_hydra_config=True))
        try:
            assert compose(yaml="job: ${hydra:job.name}").job == "application"
            assert hydra_compose("other", return_hydra_config=True).hydra.job.name == "application"
        finally:
            HydraConfig.instance().cfg = before


@pytest.mark.parametrize(
    ("overrides", "given", "message"),
    [
        (("modle.depth=5",), {"yaml": BODY, "config_dir": "configs"}, r"no key 'modle'.* Did you mean 'model'\?"),
        (("model.dpth=5",), {"yaml": BODY, "config_dir": "configs"}, r"'model\.dpth'.* Did you mean 'model\.depth'\?"),
        (("zzz=5",), {"yaml": "lr: 1"}, r"no key 'zzz' in the config\. There are: lr\. To add one: \+zzz=VALUE"),
        (("~zzz",), {"yaml": "lr: 1"}, r"no key 'zzz'"),
        (("+lr=2",), {"yaml": "lr: 1"}, r"already at 'lr'"),
        (("model=rff",), {"yaml": BODY, "config_dir": "configs"}, r"'rff' in the config group 'model'\. Did you mean 'rf'\? There are: logreg, rf"),
        ((), {"yaml": "defaults: [modl: rf]", "config_dir": "configs"}, r"no config 'modl/rf'\. Did you mean 'model'\?"),
        ((), {"yaml": "defaults: [qqq: rf]", "config_dir": "configs"}, r"There are the groups model, db/engine|There are the groups db/engine, model"),
        ((), {"yaml": BODY}, r"no config 'model/rf'\. Name the folder with its config groups: --config-dir DIR"),
        ((), {"config_dir": "confgs"}, r"no folder 'confgs'\. Did you mean 'configs'\?"),
        ((), {"config_dir": "configs", "config_name": "confg"}, r"no config 'confg' in configs\. Did you mean 'config'\?"),
        ((), {"config_dir": "configs/model"}, r"no config 'config' in model\.? There are: logreg, rf"),
        ((), {"config_dir": "configs", "config_name": "old"}, r"reads \.yaml files only: rename old\.yml in configs to old\.yaml"),
        ((), {"yaml": "a: 1", "config_dir": "configs", "config_name": "other"}, r"defaults: \[other, _self_\]"),
        ((), {}, r"nothing to compose"),
        (("lr=abc",), {"schema": Train}, r"lr: Value 'abc' of type 'str' could not be converted to Float"),
        ((), {"schema": Train, "yaml": "model: {depth: deep}"}, r"model\.depth: Value 'deep'"),
        ((), {"schema": Train, "yaml": "lrr: 1"}, r"no key 'lrr' in the schema Train\. Did you mean 'lr'\?"),
        ((), {"yaml": "lr = 0.1\nseed = 3"}, r"no mapping: write `key: value`.* not 'lr = 0\.1"),
        (("lrr=1",), {"schema": Train}, r"'lrr' in the schema Train\. Did you mean 'lr'\?"),
        (("mode=slow",), {"schema": Train}, r"mode: Invalid value 'slow'"),
        ((), {"schema": int}, r"'int' is none: write @dataclass above its class"),
        ((), {"yaml": "alpha: 1\nb: ${alpah}"}, r"b: Interpolation key 'alpah' not found\. Did you mean 'alpha'\?"),
        ((), {"yaml": "a: ${b}\nb: ${a}"}, r"Recursive interpolation"),
        ((), {"yaml": "a: ${nothing:1}"}, r"a: Unsupported interpolation type nothing"),
        ((), {"yaml": "a: [1, 2\nb: 3"}, r"Line 2 of the YAML cannot be read"),
        ((), {"yaml": "a:\n\tb: 1"}, r"Line 2 of the YAML"),
        ((), {"yaml": "a: 1\na: 2"}, r"Line 2 of the YAML cannot be read: found duplicate key a"),
        ((), {"yaml": "- 1\n- 2"}, r"The body is no mapping"),
        (("lr=[1,2",), {"yaml": "lr: 1"}, r"The override 'lr=\[1,2' cannot be read"),
        (("lr={rate}",), {"yaml": "lr: 1"}, r"write the value in place of \{rate\}"),
        (("lr",), {"yaml": "lr: 1"}, r"'lr' is no override: key=value.* --config-name lr"),
        (("lr=choice(1, 2)",), {"yaml": "lr: 1"}, r"'lr=choice\(1, 2\)' gives several values.* %%sweep"),
        (("lr=1", "lr=2"), {"yaml": "lr: 1"}, r"'lr' is given twice"),
        (("lr=1,2",), {"yaml": "lr: 1"}, r"'lr=1,2' gives several values.* lr=\[1,2\].* %%sweep"),
        (("sub.k=4",), {"schema": Nested}, r"'sub' is null in the schema, so Hydra cannot apply 'sub\.k=4'\. .*`sub: \{\}`"),
        (("++sub.k=4",), {"schema": Nested}, r"'sub' is null .* '\+\+sub\.k=4'"),
        (("+sub.k=4",), {"schema": Nested}, r"'sub' is null"),
        (("sub={k:4}",), {"schema": Nested}, r"'sub' is null .*field\(default_factory=…\)|no key 'sub\.k' in the schema Model"),
        (("lr=1", "sub.k=4"), {"schema": Nested, "yaml": "lr: 2"}, r"'sub' is null .* 'sub\.k=4'"),
        (("subs.0.k=4",), {"schema": Nested}, r"'subs' is null"),
        (("by.a.k=4",), {"schema": Nested}, r"'by' is null"),
        (("deep.sub.k=4",), {"schema": Outer}, r"'deep\.sub' is null"),
        (("sub=3",), {"schema": Nested}, r"sub: Invalid type assigned: int is not a subclass of Model"),
        (("sub.kk=4",), {"schema": Nested, "yaml": "sub: {}"}, r"no key 'sub\.kk' in the schema Model"),
        (("sub.depth=x",), {"schema": Nested, "yaml": "sub: {}"}, r"sub\.depth: Value 'x'"),
        (("layers.x=1",), {"yaml": "layers: [1]"}, r"Hydra cannot compose this with layers\.x=1: ValueError: invalid literal"),
        ((), {"yaml": "defaults: 3"}, r"Invalid defaults list"),
        ((), {"yaml": "defaults: {model: rf}"}, r"must be a list"),
        ((5,), {"yaml": "lr: 1"}, r"mlmagic\.compose: override 1 is text, not 5 \(int\)"),
        (("lr=1", None), {"yaml": "lr: 1"}, r"override 2 is text, not None"),
        ((), {"yaml": 5}, r"yaml is text, not 5 \(int\)"),
        ((), {"yaml": b"a: 1"}, r"yaml is text, not b'a: 1' \(bytes\)"),
        ((), {"config_dir": 5}, r"config_dir is text or a Path, not 5 \(int\)"),
        ((), {"config_dir": "a\0b"}, r"There is no folder .*embedded null byte"),
        ((), {"config_dir": "x" * 5000}, r"There is no folder 'x+…?.*File name too long"),
        ((), {"config_dir": "configs", "config_name": 5}, r"config_name is text, not 5 \(int\)"),
        ((), {"yaml": "5"}, r"The body is no mapping: write `key: value`, a line each, not '5'"),
        ((), {"yaml": "true"}, r"The body is no mapping"),
        ((), {"yaml": "a: 1\0"}, r"The YAML cannot be read: unacceptable character #x0000: special characters are not allowed$"),
        ((), {"yaml": "a: 1\n---\nb: 2"}, r"Line 2 of the YAML cannot be read: but found another document"),
        ((), {"yaml": "a: &x 1\nb: *y"}, r"Line 2 of the YAML cannot be read: found undefined alias 'y'"),
        ((), {"yaml": "a: !custom 1"}, r"Line 1 of the YAML cannot be read: could not determine a constructor for the tag"),
        ((), {"yaml": "a: ${oc.env:HOME"}, r"^a: missing BRACE_CLOSE"),
        ((), {"yaml": "hydra: 5"}, r"int is not a subclass of HydraConf"),
        (("",), {"yaml": "lr: 1"}, r"'' is no override"),
        (("~",), {"yaml": "lr: 1"}, r"'~' is no override"),
        (("+=1",), {"yaml": "lr: 1"}, r"'\+=1' is no override"),
        (("lr[0]=1",), {"yaml": "lr: 1"}, r"cannot be read: it has a sign or a quote that does not belong there\. Write key=value"),
        (("lr='x",), {"yaml": "lr: 1"}, r"a sign or a quote that does not belong there"),
        (("-lr=1",), {"yaml": "lr: 1"}, r"a sign or a quote that does not belong there"),
        (("lr=nope(1)",), {"yaml": "lr: 1"}, r"there is no function 'nope'"),
        (("lr=rnage(1,2)",), {"yaml": "lr: 1"}, r"there is no function 'rnage'\. Did you mean 'range'\?"),
        (("lr=int(x)",), {"yaml": "lr: 1"}, r"cannot be read: ValueError while evaluating 'int\(x\)'"),
        (("~lr=2",), {"yaml": "lr: 1"}, r"The value of 'lr' is 1 and not 2"),
        (("lr@x=1",), {"yaml": "lr: 1"}, r"config group 'lr' does not exist"),
        (("=4",), {"yaml": "lr: 1"}, r"'=4' is no override: key=value, \+key=value, or ~key"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_says_what_is_valid(folder, overrides, given, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        compose(*overrides, **given)
    assert "\n" not in str(caught.value)
    assert "/tmp" not in str(caught.value)


def test_the_users_own_hydra_is_left_as_it_was(folder):
    from hydra import initialize_config_dir

    older = "1.2" if Version(hydra.__version__).release < (1, 4) else "1.3"
    with initialize_config_dir(str(folder), version_base=older):
        mine, version = GlobalHydra.instance().hydra, VersionBase.instance().version_base
        stored = dict(ConfigStore.instance().repo)
        compose("lr=3", yaml="lr: 1", schema=Open)
        with pytest.raises(UsageProblem, match="nope"):
            compose("nope=1", yaml="lr: 1")
        assert GlobalHydra.instance().hydra is mine
        assert VersionBase.instance().version_base is version
        assert ConfigStore.instance().repo == stored
    assert not GlobalHydra.instance().is_initialized()
    before = VersionBase.instance().version_base
    compose(yaml="lr: 1")
    assert VersionBase.instance().version_base is before


def test_nothing_that_hydra_deprecates_is_used(monkeypatch):
    monkeypatch.setenv("HYDRA_DEPRECATION_WARNINGS_AS_ERRORS", "1")
    assert compose("lr=3", yaml="lr: 1") == {"lr": 3}


def test_a_schema_that_was_defined_anew_is_the_new_one():
    def made(kind, default):
        @dataclass
        class Again:
            value: kind = default

        return Again

    assert compose(schema=made(int, 1)).value == 1
    assert compose("value=x", schema=made(str, "y")).value == "x"


def test_a_composition_knows_its_overrides_and_the_last_of_its_name():
    composition(yaml="lr: 1", name="known")
    second = composition("lr=2", "+new=3", yaml="lr: 1\nkept: 0", name="known")
    assert second.before == {"lr": 1}
    assert [key for key in second.values if second.is_overridden(key)] == ["lr", "new"]
    assert composition_of(second.config) is second
    assert composition_of(second.config.copy()) is None


def test_configs_that_are_composed_in_python_are_known_by_themselves():
    first, second = compose("lr=2", yaml="lr: 1"), compose(yaml="lr: 3")
    assert composition_of(first).overrides == ("lr=2",)
    assert composition_of(second).before is None
    assert list(compositions_in({"_": first, "kept": first, "n": 3})) == ["kept"]


def test_an_option_of_a_group_marks_all_that_it_brings(folder):
    chosen = composition("model=logreg", yaml=BODY, config_dir=folder)
    assert [key for key in chosen.values if chosen.is_overridden(key)] == ["model.kind", "model.C"]


def test_without_hydra_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "hydra", None)
    with pytest.raises(ImportError, match=r"needs hydra-core: %pip install hydra-core"):
        compose(yaml="lr: 1")
