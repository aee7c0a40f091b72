"""A comparison from end to end, as the README tells it: real trainings, table, curves, and back to code.

Its pictures are those of the README: copied from ``build/screenshots`` when they change.
"""

import pytest

TRAININGS = """
import warnings
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")
X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X / 16, y, test_size=0.3, random_state=0, stratify=y)
for hidden in (8, 64):
    for optimizer, learning_rate in (("adam", 0.01), ("adam", 0.001), ("sgd", 0.1)):
        for seed in (1, 2, 3):
            with mlmagic.track(f"{optimizer} {hidden}", quiet=True):
                mlmagic.log_params(hidden=hidden, optimizer=optimizer, learning_rate=learning_rate, seed=seed)
                net = MLPClassifier((hidden,), solver=optimizer, learning_rate_init=learning_rate, random_state=seed)
                for epoch in range(40):
                    net.partial_fit(X_train, y_train, classes=range(10))
                    predicted = net.predict_proba(X_val)
                    mlmagic.log(
                        val_loss=log_loss(y_val, predicted),
                        accuracy=(predicted.argmax(axis=1) == y_val).mean(),
                        step=epoch,
                    )
"""


@pytest.fixture(scope="module")
def widget(lab):
    lab.run(TRAININGS)
    found = lab.run("widget = %compare --metric val_loss\nwidget").locator(".mlmagic-compare")
    found.wait_for()
    yield found
    lab.assert_clean()


def test_the_table_has_the_best_run_first(lab, widget):
    row = widget.get_by_role("row").nth(1)
    assert "★" in row.inner_text()
    for at in (1, 5, 9):
        widget.get_by_role("row").nth(at).get_by_role("checkbox").click()
    lab.screenshot("compare_table", widget)
    assert (
        lab.check("print(len(widget.selected), widget.to_dataframe()['val_loss'].is_monotonic_increasing)") == "3 True"
    )


def test_curves_are_averaged_over_seeds(lab, widget):
    widget.get_by_role("tab", name="Runs").click()
    widget.get_by_label("Group by").select_option("configuration")
    grid = widget.get_by_role("treegrid")
    grid.focus()
    lab.page.keyboard.press("Control+a")
    widget.get_by_role("tab", name="Curves").click()
    widget.get_by_role("button", name="Average seeds").click()
    lab.page.wait_for_timeout(1500)
    lab.screenshot("compare_curves", widget)
    legend = widget.locator(".mm-legend-item")
    legend.nth(5).wait_for()
    assert legend.count() == 6
    assert "n=3" in legend.first.inner_text()
