"""The comparison in a real JupyterLab: each feature used as a person uses it."""


def test_the_widget_appears(lab):
    lab.run("import mlmagic\nwith mlmagic.track('a', quiet=True): mlmagic.log(loss=1.0)")
    output = lab.run("mlmagic.compare()")
    widget = output.locator(".mlmagic-compare")
    widget.wait_for()
    lab.screenshot("first", widget)
    lab.assert_clean()
