"""The values that a kernel shows as ``Out[n]``: their plain text, as the display hook formatted it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.shadowing import shadow
from mlmagic.snapshot.secrets.cuts import beginning, ending

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CHARACTERS = 20_000


class ShownValues:
    """While listening, passes *on_value* the text of each value that the shell's display hook shows.

    The hook's ``write_format_data`` is shadowed on the instance: it gets the formatted value, so that no ``repr`` is
    called twice. A terminal's hook prints, which is captured as output already.
    """

    def __init__(self, on_value: Callable[[str], None]) -> None:
        self._on_value = on_value
        self._undo: Callable[[], None] | None = None

    def start(self) -> None:
        """Start listening."""
        hook = _hook_of_a_kernel()
        if hook is None:
            return
        original = hook.write_format_data

        def write_format_data(format_dict: Any, md_dict: Any = None) -> Any:
            result = original(format_dict, md_dict)
            text = format_dict.get("text/plain") if isinstance(format_dict, dict) else None
            if isinstance(text, str):
                self._on_value(as_output(text, hook.prompt_count))
            return result

        self._undo = shadow(hook, "write_format_data", write_format_data)

    def stop(self) -> None:
        """Restore the hook."""
        if self._undo is not None:
            self._undo()
            self._undo = None


def _hook_of_a_kernel() -> Any:
    """Return the display hook of this process's shell; None without a shell, or if the hook prints to a terminal."""
    shells = sys.modules.get("IPython.core.interactiveshell")
    if shells is None or not shells.InteractiveShell.initialized():
        return None
    hook = shells.InteractiveShell.instance().displayhook
    prints = sys.modules["IPython.core.displayhook"].DisplayHook.write_format_data
    return None if getattr(type(hook), "write_format_data", prints) is prints else hook


def as_output(text: str, number: int) -> str:
    r"""Return the text of a value as a notebook shows it; of a long text, only the beginning and the end.

    >>> as_output("0.97", 4)
    'Out[4]: 0.97'
    >>> as_output("[1,\n 2]", 4)
    'Out[4]:\n[1,\n 2]'
    """
    over = len(text) - MOST_CHARACTERS
    if over > 0:
        half = MOST_CHARACTERS // 2
        text = f"{beginning(text, half)}\n[… {over:,} characters left out …]\n{ending(text, half)}"
    return f"Out[{number}]:{chr(10) if chr(10) in text else ' '}{text}"
