"""A tracked cell gives exactly what the untracked cell gives, in a real kernel."""

from __future__ import annotations

import json
import re
import sys

import IPython
import pytest

# Each case is run with `%%track` in the place of HEADER, and in another kernel, without mlmagic, with a comment there
# (or nothing, where the line before or after is a cell magic).
CASES = {
    "expression": "HEADER\n1 + 1",
    "percent track": "%track\n1 + 1",
    "await": "HEADER\nimport asyncio\nawait asyncio.sleep(0.01, 'slept')",
    "async for": "HEADER\nasync def f():\n    for i in range(2): yield i\nasync for i in f():\n    print(i)",
    "semicolon": "HEADER\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "plot echo": "HEADER\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])",
    "figure object": "HEADER\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 3])\nfig",
    "show and close": "HEADER\nimport matplotlib.pyplot as plt\nplt.plot([3, 4]); plt.show(); plt.close('all')\nplt.get_fignums()",
    "savefig and close": "HEADER\nimport io, matplotlib.pyplot as plt\nplt.plot([3, 4]); plt.savefig(io.BytesIO()); plt.close()\n0",
    "matplotlib inline": "HEADER\n%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.get_backend()",
    "matplotlib widget": "HEADER\n%matplotlib widget\nimport matplotlib.pyplot as plt\nprint(plt.get_backend())",
    "matplotlib inline again": "HEADER\n%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.get_backend()",
    "underscore": "HEADER\n_ + 1 if isinstance(_, int) else 'start'",
    "out": "HEADER\nsorted(k for k in Out)[-1] == max(Out), In[-1].splitlines()[-1]",
    "time below": "HEADER\n%%time\nx = 3\nx * 2",
    "timeit below": "HEADER\n%%timeit -n1 -r1\nprint('in timeit')",
    "capture below": "HEADER\n%%capture caught\nprint('captured')",
    "capture read": "HEADER\ncaught.stdout",
    "bash below": "HEADER\n%%bash\necho from bash",
    "time above": "%%time\nHEADER\nx = 4\nx * 2",
    "timeit above": "%%timeit -n1 -r1\nHEADER\nprint('in timeit')",
    "capture above": "%%capture caught2\nHEADER\nprint('captured')",
    "capture above read": "print(caught2.stdout)",
    "shell": "HEADER\n!echo from shell",
    "shell assigned": "HEADER\nlines = !echo one two\nlines",
    "help": "HEADER\n?len",
    "line magic": "HEADER\n%time sum(range(10))",
    "syntax error": "HEADER\nx = = 1",
    "indentation error": "HEADER\nif True:\nx = 1",
    "unterminated": "HEADER\nprint('abc",
    "return at top level": "HEADER\n\nreturn 5",
    "nonlocal at top level": "HEADER\n\nnonlocal x",
    "warning of the compiler": "HEADER\nx = 1\nx is 1",
    "exception": "HEADER\na = 1\nb = 2\nc = 3\n\ndef f():\n    return a / 0\n\nf()",
    "exception on line two": "HEADER\n1 / 0",
    "exception chain": "HEADER\n\n\n\n\ntry:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('worse') from e",
    "exception group": "HEADER\n\n\n\n\nraise ExceptionGroup('many', [ValueError('a'), KeyError('b')])",
    "system exit": "HEADER\nimport sys\nsys.exit()",
    "system exit 3": "HEADER\nimport sys\nsys.exit(3)",
    "own exception": "HEADER\nclass Mine(Exception):\n    def __init__(self, a, b): super().__init__(a)\n\n\n\nraise Mine('x', 'y')",
    "generator over globals": "HEADER\nn = 3\nsum(n * i for i in range(4)), [n for _ in range(2)]",
    "class body": "HEADER\nclass A:\n    n = 2\n    def f(self): return self.n\nA().f(), A.__module__",
    "display": "HEADER\ndisplay('shown', {'a': 1})\nfrom IPython.display import HTML\nHTML('<b>x</b>')",
    "display update": "HEADER\nh = display('one', display_id='d')\nh.update('two')",
    "clear output": "HEADER\nfrom IPython.display import clear_output\nprint('gone'); clear_output()\nprint('kept')",
    "del": "HEADER\nz = 1\ndel z\n'z' in globals()",
    "stderr": "HEADER\nimport sys\nprint('to err', file=sys.stderr)\nsys.stdout.write('no newline')",
    "stream identity": "HEADER\nimport sys\nsys.stdout is sys.__stdout__, type(sys.stdout).__name__, sys.stdout.encoding",
    "redirect": "HEADER\nimport io, contextlib\nbuffer = io.StringIO()\nwith contextlib.redirect_stdout(buffer): print('inside')\nbuffer.getvalue()",
    "threads": "HEADER\nimport threading\nt = threading.Thread(target=lambda: print('from thread')); t.start(); t.join()",
    "logging": "HEADER\nimport logging\nlogging.getLogger('a').warning('careful')",
    "warning": "HEADER\nimport warnings\nwarnings.simplefilter('always', UserWarning); warnings.warn('mind', stacklevel=1)",
    "10 MB": "HEADER\nprint(('x' * 99 + '\\n') * 100_000)",
    "docstring": "HEADER\n'just a string'",
    "future": "HEADER\nfrom __future__ import annotations\ndef f(x: NotThere): return x\nf(2)",
    "global": "HEADER\ncounter = 0\ndef up():\n    global counter\n    counter += 1\nup(); counter",
    "nested run_cell": "HEADER\nget_ipython().run_cell('print(5)\\n7').result",
    "names": "HEADER\n__name__, __doc__, '__mlmagic__' in globals()",
    "indented": "HEADER\n    y = 1\n    y + 1",
    "comment only": "HEADER\nx = 1  # nothing shown\n# a comment",
    "line of trailing space": "HEADER   \nx = 1\nx",
    "magic in the middle": "HEADER\nfor i in range(2):\n    %env MY_VARIABLE=1\nprint('end')",
    "unicode": "HEADER\nñ = 'é😀'\nñ",
    "input history": "HEADER\nlen(In) == len(get_ipython().history_manager.input_hist_raw)",
    "recursion": "HEADER\n\n\n\n\ndef r(): r()\ntry: r()\nexcept RecursionError: print('deep')",
    "subprocess": "HEADER\nimport subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(8)'], capture_output=True).stdout",
    "system": "HEADER\nget_ipython().system('echo system')",
    "set interactivity": "HEADER\nget_ipython().ast_node_interactivity = 'all'\n1\n2",
    "interactivity all": "HEADER\n3\n4\nget_ipython().ast_node_interactivity = 'last_expr'",
}

_VARIES = [
    (re.compile(r"\\u001b\[[0-9;]*m"), ""),
    (re.compile(r"\(\d+\.py, line"), "(cell.py, line"),
    (re.compile(r"0x[0-9a-f]+"), "0x"),
    (re.compile(r"/ipykernel_\d+/\d+\.py"), "/ipykernel/cell.py"),
    (re.compile(r"(Wall time|CPU times):.*"), r"\1"),
    (re.compile(r"[\d.]+ (n|μ|µ|m)?s ± .*loop.*"), "timing"),
    (re.compile(r"'%%track'|# HEADER"), "header"),
]


def _comparable(message):
    kind, content = message
    told = {key: value for key, value in content.items() if key not in {"execution_count", "metadata"}}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    if "image/png" in text:
        text = re.sub(r"iVBOR[\w+/=\\]+", "png", text)
    for pattern, replacement in _VARIES:
        text = pattern.sub(replacement, text)
    return kind, text


def _untracked(code: str) -> str:
    code = code.replace("%track\n", "# HEADER\n")
    if re.search(r"^%%|HEADER\n    ", code, re.MULTILINE):
        return code.replace("HEADER\n", "")
    return code.replace("HEADER", "# HEADER")


@pytest.mark.parametrize("name", CASES)
def test_a_tracked_cell_gives_what_the_untracked_cell_gives(name, kernel, plain_kernel):
    code = CASES[name]
    if name == "shell assigned" and IPython.version_info < (8, 0) and sys.version_info >= (3, 12):
        pytest.skip("IPython 7 rejects `lines = !echo` on Python 3.12, also in an untracked cell")

    tracked = kernel.run(code.replace("HEADER", "%%track"))
    untracked = plain_kernel.run(_untracked(code))

    assert [_comparable(m) for m in tracked.user_messages] == [_comparable(m) for m in untracked.user_messages]
    assert tracked.status == untracked.status
    assert tracked.count == untracked.count
    ran = "syntax" not in name and name not in {
        "indentation error",
        "unterminated",
        "capture above read",
        "capture above",
    }
    assert len(tracked.summaries) == ran, tracked.text
