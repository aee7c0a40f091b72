"""Pages as other front ends make them: VS Code's webview and Colab's frame, with the styles that they put on outputs.

Both load the stylesheet of ipywidgets, which sets JupyterLab's variables to its light theme, in a dark window too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_OF_IPYWIDGETS = """:root { --jp-content-font-color1: black; --jp-ui-font-color1: rgba(0,0,0,.8); --jp-layout-color0: white;
--jp-layout-color1: white; --jp-ui-font-size1: 13px; --jp-ui-font-family: "Helvetica Neue", Helvetica, Arial, sans-serif;
--jp-code-font-family: monospace; --jp-code-font-size: 13px; }"""
_OF_VSCODE = """html { scrollbar-color: #777 transparent; }
body { background-color: var(--vscode-editor-background); color: var(--vscode-editor-foreground); margin: 0; padding: 0;
font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); }
img { max-width: 100%; max-height: 100%; }
a, a code { color: var(--vscode-textLink-foreground); }
code { color: var(--vscode-textPreformat-foreground); background-color: var(--vscode-textPreformat-background); padding: 1px 3px; }
table, thead, tr, th, td, tbody { border: none; border-color: transparent; border-spacing: 0; border-collapse: collapse; }
table, th, tr { vertical-align: middle; text-align: right; }
thead { font-weight: bold; background-color: rgba(130, 130, 130, 0.16); }
th, td { padding: 4px 8px; }
tr:nth-child(even) { background-color: rgba(130, 130, 130, 0.08); }
tbody th { font-weight: normal; }
.output { overflow-x: auto; padding: 8px; }
.cell-output-ipywidget-background { background: white !important; }"""
_OF_COLAB = """body { background-color: var(--colab-primary-surface-color); color: var(--colab-primary-text-color); margin: 8px;
font-family: Roboto, Noto, sans-serif; font-size: 14px; }
table { border-collapse: collapse; } th, td { padding: 4px 8px; text-align: right; }"""


@dataclass(frozen=True)
class Host:
    """A front end in one theme: its style, and what its elements say of the theme."""

    style: str = "body { margin: 8px; background: #fff; color: #1f2328; }"
    variables: dict[str, str] = field(default_factory=dict)
    html: str = ""
    body: str = ""
    around_output: str = ""
    around_widget: str = ""

    def page(self, content: str, *, head: str = "", is_widget: bool = False) -> str:
        """Return a page with *content* as an output."""
        variables = "".join(f"{name}: {value};" for name, value in self.variables.items())
        around = f"output {self.around_widget if is_widget else self.around_output}"
        return (
            f'<!doctype html><html lang="en" {self.html} style="{variables}"><head><meta charset="utf-8"><title>Outputs</title>'
            f'<style>{self.style}</style>{head}</head><body {self.body}><main class="{around}">{content}</main></body></html>'
        )


def _vscode(kind: str, classes: str, **colours: str) -> Host:
    variables = {
        "--vscode-font-family": "sans-serif",
        "--vscode-font-size": "13px",
        "--vscode-editor-font-family": "monospace",
        "--vscode-editor-font-size": "14px",
        **{f"--vscode-{name.replace('_', '-')}": value for name, value in colours.items()},
    }
    return Host(
        _OF_IPYWIDGETS + _OF_VSCODE,
        variables,
        body=f'class="{classes}" data-vscode-theme-kind="{kind}"',
        around_widget="cell-output-ipywidget-background",
    )


def _colab(theme: str, surface: str, text: str) -> Host:
    variables = {"--colab-primary-surface-color": surface, "--colab-primary-text-color": text}
    return Host(_OF_IPYWIDGETS + _OF_COLAB, variables, html=f'theme="{theme}"')


HOSTS = {
    "bare": Host(),
    "bare dark": Host("body { margin: 8px; background: #0d1117; color: #e6edf3; }"),
    "vscode light": _vscode(
        "vscode-light", "vscode-light", editor_background="#ffffff", editor_foreground="#3b3b3b",
        textLink_foreground="#005fb8", textPreformat_foreground="#3b3b3b", textPreformat_background="#0000001f",
    ),
    "vscode dark": _vscode(
        "vscode-dark", "vscode-dark", editor_background="#1f1f1f", editor_foreground="#cccccc",
        textLink_foreground="#4daafc", textPreformat_foreground="#d0d0d0", textPreformat_background="#3c3c3c",
    ),
    "vscode high contrast": _vscode(
        "vscode-high-contrast", "vscode-high-contrast", editor_background="#000000", editor_foreground="#ffffff",
        textLink_foreground="#21a6ff", textPreformat_foreground="#000000", textPreformat_background="#ffffff",
    ),
    "vscode light high contrast": _vscode(
        "vscode-high-contrast-light", "vscode-high-contrast vscode-high-contrast-light", editor_background="#ffffff",
        editor_foreground="#292929", textLink_foreground="#0f4a85", textPreformat_foreground="#ffffff",
        textPreformat_background="#09345f",
    ),
    "colab light": _colab("light", "white", "#212121"),
    "colab dark": _colab("dark", "#383838", "#e3e3e3"),
}  # fmt: skip
