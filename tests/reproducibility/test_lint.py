"""`mlmagic.lint` and ``mlmagic lint``: files, output, exit codes, and what is no notebook."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from snippets import cells_of

import mlmagic
from mlmagic.cli import main
from mlmagic.errors import UsageProblem
from mlmagic.reproducibility.cells import read_cell
from mlmagic.reproducibility.findings import RULES
from mlmagic.reproducibility.linting import findings_in

ROOT = Path(__file__).parents[2]
LEAK = "X = StandardScaler().fit_transform(X)\nX_train, X_test = train_test_split(X, random_state=0)"


@pytest.fixture
def notebook(tmp_path):
    """Return a function that writes a notebook; a cell is a source, or a source and its execution count."""

    def write(*cells, name="train.ipynb", language="python", **more):
        listed = [
            {"cell_type": "code", "source": source, "execution_count": count, "outputs": [], "metadata": {}}
            for source, count in (cell if isinstance(cell, tuple) else (cell, None) for cell in cells)
        ]
        metadata = {"kernelspec": {"name": "k", "language": language}}
        path = tmp_path / name
        path.write_text(json.dumps({"cells": listed, "metadata": metadata, "nbformat": 4, **more}), encoding="utf-8")
        return path

    return write


def codes(path):
    return [one.code for one in mlmagic.lint(path)]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_notebooks_of_the_project_have_no_findings(path):
    assert str(mlmagic.lint(path)).splitlines()[0].endswith("cells")
    assert codes(path) == []


def test_a_finding_has_the_place_of_its_cell_and_line(notebook):
    path = notebook("import pandas", LEAK)
    found = mlmagic.lint(path)
    assert len(found) == 1
    assert str(found) == (
        f"{path}:cell 2:line 1: MLM005 StandardScaler is fitted on rows that train_test_split divides afterwards "
        "(cell 2, line 2)"
    )
    assert found.findings[0].fix == "model = make_pipeline(StandardScaler(), model).fit(X_train, y_train)"


def test_markdown_cells_are_counted(notebook, tmp_path):
    path = notebook("rng = np.random.default_rng()", "import numpy as np")
    content = json.loads(path.read_text())
    content["cells"].insert(0, {"cell_type": "markdown", "source": ["# Title"], "metadata": {}})
    path.write_text(json.dumps(content))
    assert [(one.code, one.cell) for one in mlmagic.lint(path)] == [("MLM002", 2)]


def test_a_source_may_be_a_list_of_lines(notebook):
    assert codes(notebook(["import random\n", "random.random()"])) == ["MLM001"]


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: MLM005", "# noqa: E501, MLM005", "#NOQA:mlm005"])
def test_a_comment_on_the_line_silences_a_rule(notebook, comment):
    assert codes(notebook(LEAK.replace("(X)\n", f"(X)  {comment}\n"))) == []


def test_a_comment_for_another_rule_silences_nothing(notebook):
    assert codes(notebook(LEAK.replace("(X)\n", "(X)  # noqa: MLM001\n"))) == ["MLM005"]


def test_a_comment_on_any_line_of_a_long_statement_silences_it(notebook):
    source = "from sklearn.svm import SVC\nmodel = SVC(\n    C=3,\n    probability=True,  # noqa: MLM003\n)"
    assert codes(notebook(source)) == []


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ((1, 2, 3), []),
        ((1, 5, 9), []),
        ((None, None), []),
        ((2, None, 3), []),
        ((3, 2, 4), [1]),
        ((1, 4, 2, 3), [2]),
        ((2, 3, 4, 1), [4]),
        ((1, 1), [1]),
    ],
)
def test_execution_counts_that_do_not_rise_are_found(notebook, counts, found):
    path = notebook(*((f"x{at} = {at}", count) for at, count in enumerate(counts)))
    assert [(one.code, one.cell) for one in mlmagic.lint(path)] == [("MLM009", cell) for cell in found]


def test_a_script_in_percent_format_is_read_cell_by_cell(tmp_path, capsys):
    path = tmp_path / "train.py"
    path.write_text(
        '"""Train."""\nimport numpy as np\n\n# %% [markdown]\n# np.random.rand()\n\n# %% load\n# %seed 3\n\n# %%\n'
        "a = np.random.rand()\nrng = np.random.default_rng()\n"
    )
    assert [(one.code, one.cell, one.line, one.file_line) for one in mlmagic.lint(path)] == [("MLM002", 4, 2, 12)]
    assert main(["lint", str(path), "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith(
        f"::warning file={path},line=12,title=MLM002::cell 4, line 2: numpy.random"
    )


def test_a_form_feed_ends_no_line(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("import random\n\x0c\nx = 'a\x0cb\u2028c'\nrandom.random()\n", newline="")
    assert [(one.cell, one.line) for one in mlmagic.lint(path)] == [(1, 4)]


def test_a_script_without_cells_is_one_cell(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("import random\n\nprint(random.random())\n")
    assert [(one.cell, one.line, one.fix) for one in mlmagic.lint(path)] == [(1, 3, "mlmagic.seed(42)")]


def test_an_exported_session_keeps_its_seed_and_its_split(tmp_path):
    path = tmp_path / "session.py"
    path.write_text(
        "# %% [1] ok\n# %load_ext mlmagic\n# %seed 42\n\n# %% [2] ok\n# %split X y --test 0.2\n\n"
        "# %% [3] ok\n# %%track forest\nmodel = RandomForestClassifier().fit(X_train, y_train)\n"
    )
    assert codes(path) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.ipynb", "not json", "it is not JSON"),
        ("a.ipynb", "[1, 2]", "it has no list of cells"),
        ("a.ipynb", '{"worksheets": [], "nbformat": 3}', "it is of version 3: jupyter nbconvert"),
        ("a.ipynb", '{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}', "a notebook of R: only Python"),
        ("a.ipynb", '{"cells": [], "metadata": {"language_info": {"name": "julia"}}}', "a notebook of julia"),
        ("a.csv", "a,b", "mlmagic lint takes .ipynb and .py files"),
    ],
)
def test_a_file_that_is_no_notebook_is_named_in_one_line(tmp_path, name, content, said, capsys):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UsageProblem, match=re.escape(said)):
        mlmagic.lint(path)
    assert main(["lint", str(path)]) == 2
    assert said in capsys.readouterr().err


def test_a_missing_file_and_one_of_bytes_are_named(tmp_path, capsys):
    (tmp_path / "b.py").write_bytes(b"\xff\xfe\x00")
    assert main(["lint", str(tmp_path / "none.ipynb"), str(tmp_path / "b.py")]) == 2
    err = capsys.readouterr().err
    assert "there is no file" in err
    assert "it is no UTF-8 text" in err


def test_an_argument_of_a_wrong_type_is_one_line():
    with pytest.raises(UsageProblem, match=r"mlmagic.lint: notebook is a path, not 5 \(int\). For example"):
        mlmagic.lint(5)


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [{"cell_type": "code"}],
        [{"cell_type": "code", "source": 5, "execution_count": "a"}],
        [3, None, {"cell_type": ["code"], "source": "x"}],
        [{"cell_type": "code", "source": ["import random\n", 7, None]}],
        [{"cell_type": "code", "source": "x = " + "(" * 400 + ")" * 400}],
        [{"cell_type": "code", "source": "x = " + "+".join(["1"] * 3000)}],
        [{"cell_type": "code", "source": "def f(x):\n    return f(x)\nf(X)"}],
        [{"cell_type": "code", "source": "\x00 nul"}],
        [{"cell_type": "code", "source": "%%R\nlibrary(x)"}, {"cell_type": "code", "source": "%split"}],
        [{"cell_type": "code", "source": "%split 'open\n%evaluate ) (\n%seed"}],
        [{"cell_type": "code", "source": "X_train, *rest = train_test_split(*data)\ndel X[0], y\nX.loc[1] += 2"}],
    ],
)
def test_odd_cells_raise_nothing(tmp_path, cells):
    path = tmp_path / "odd.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert set(codes(path)) <= {"MLM000", "MLM004"}


def test_a_notebook_of_10_mb_is_read(notebook):
    path = notebook(LEAK, *(["x = 1\n" * 2_000] * 3))
    content = json.loads(path.read_text())
    content["cells"][0]["outputs"] = [{"data": {"image/png": "A" * 10_000_000}}]
    path.write_text(json.dumps(content))
    assert codes(path) == ["MLM005"]


def test_the_command_returns_0_without_and_1_with_findings(notebook, capsys):
    clean, bad = notebook("x = 1", name="clean.ipynb"), notebook(LEAK, name="bad.ipynb")
    assert main(["lint", str(clean)]) == 0
    assert capsys.readouterr().out == "nothing found, 1 file checked\n"
    assert main(["lint", str(clean), str(bad)]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith(f"{bad}:cell 1:line 1: MLM005 StandardScaler is fitted")
    assert out[1] == "1 finding, 2 files checked"


def test_json_has_each_finding_as_an_object(notebook, capsys):
    path = notebook(LEAK)
    assert main(["lint", str(path), "--format", "json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [(row["path"], row["code"], row["cell"], row["line"]) for row in rows] == [(str(path), "MLM005", 1, 1)]
    assert main(["lint", str(notebook("x = 1", name="clean.ipynb")), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_github_has_an_annotation_for_each_finding(notebook, capsys):
    path = notebook("%cd /home/ana/100%,x", name="a,b.ipynb")
    assert main(["lint", str(path), "--format", "github"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("::warning file=")
    assert "a%2Cb.ipynb,title=MLM007::cell 1, line 1: the absolute path '/home/ana/100%25,x" in out


def _examples():
    """Yield the rule, ``Bad`` or ``Good``, and the code of each example in the page of the rules."""
    rule = kind = ""
    text = (ROOT / "docs/lint.md").read_text(encoding="utf-8")
    for block in re.finditer(r"^## (MLM\d+)|^(Bad|Good):$|^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        rule, kind = block[1] or rule, block[2] or kind
        if block[3]:
            yield rule, kind, block[3]


@pytest.mark.parametrize(("rule", "kind", "source"), list(_examples()))
def test_the_page_of_the_rules_tells_the_truth(rule, kind, source):
    cells = [read_cell(one, number) for number, one in enumerate(cells_of(source), 1)]
    assert {one.code for one in findings_in(cells)} == ({rule} if kind == "Bad" else set())


def test_the_page_of_the_rules_has_each_of_them():
    text = (ROOT / "docs/lint.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (MLM\d+)", text, re.MULTILINE) == list(RULES)
    assert {rule for rule, _, _ in _examples()} == set(RULES) - {"MLM009"}
