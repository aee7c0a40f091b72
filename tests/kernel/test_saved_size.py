"""How large a saved notebook is, and how many of its lines change with one number."""

import difflib

import nbformat
from nbclient import NotebookClient

_FIRST = """\
%load_ext mlmagic
from sklearn.datasets import load_breast_cancer
from sklearn.tree import DecisionTreeClassifier
%seed 1
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
%split X y"""
_TRACKED = """\
%%track tree-{number}
model = DecisionTreeClassifier(max_depth={depth}, min_samples_leaf=3).fit(X_train, y_train)
accuracy = model.score(X_test, y_test)"""


def test_a_notebook_of_thirty_tracked_cells_and_two_comparisons_is_small(store_uri, tmp_path):
    tracked = [_TRACKED.format(number=number, depth=number % 7 + 1) for number in range(30)]
    sources = [_FIRST, *tracked, "%compare", "%compare --metric accuracy"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    client = NotebookClient(
        notebook, timeout=120, store_widget_state=False, record_timing=False, resources={"metadata": {"path": tmp_path}}
    )
    with client.setup_kernel():
        for at, cell in enumerate(notebook.cells):
            client.execute_cell(cell, at)
        assert len(nbformat.writes(notebook)) < 200_000
        saved = []
        for depth in (7, 6):
            notebook.cells[4].source = _TRACKED.format(number=3, depth=depth)
            client.execute_cell(notebook.cells[4], 4)
            saved.append(nbformat.writes(notebook).splitlines())
    blocks = difflib.SequenceMatcher(None, *saved, autojunk=False).get_opcodes()
    changed = [line for kind, _, _, low, high in blocks if kind != "equal" for line in saved[1][low:high]]
    assert 0 < len(changed) < 15, "\n".join(changed)
