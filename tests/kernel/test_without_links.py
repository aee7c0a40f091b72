"""A tracked cell where the file system refuses links, as FAT and many network mounts do."""

import pytest

# The kernel of the operating system refuses the calls from here on, for every thread and child of the process.
NO_LINKS = """
import ctypes, errno, platform, struct
calls = {"x86_64": (86, 88, 265, 266), "aarch64": (36, 37)}.get(platform.machine(), ())  # (sym)link and (sym)linkat
seccomp = {"x86_64": 317, "aarch64": 277}.get(platform.machine(), -1)
load, equal, answer, allow, refuse = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000 | errno.EPERM
steps = [(load, 0, 0, 0)]
steps += [(equal, len(calls) - number, 0, call) for number, call in enumerate(calls)]
steps += [(answer, 0, 0, allow), (answer, 0, 0, refuse)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
packed = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program)))
libc = ctypes.CDLL(None, use_errno=True)
allowed = calls and libc.prctl(38, 1, 0, 0, 0) == 0 and libc.syscall(seccomp, 1, 1, packed) == 0
del ctypes, errno, platform, struct
"""

REFUSED = """
import os
refused = []
for make in (os.symlink, os.link):
    try:
        make(MADE, "made")
    except PermissionError:
        refused.append(make.__name__)
print(*refused)
"""

TRAINING = """%%track mine
import matplotlib.pyplot as plt
from sklearn.linear_model import LogisticRegression
rate = 0.5
model = LogisticRegression(C=rate).fit([[0.0], [1.0]], [0, 1])
score = model.score([[0.0], [1.0]], [0, 1])
plt.plot([1, 2]); plt.show()
mlmagic.log_artifact(MADE)
"""

STORED = """
import mlflow
client = mlflow.MlflowClient()
(run,) = client.search_runs([each.experiment_id for each in client.search_experiments()])
files = [file.path for file in client.list_artifacts(run.info.run_id)]
print(run.info.status, run.data.params["rate"], run.data.metrics["score"], len(run.outputs.model_outputs), sorted(files))
"""


@pytest.mark.parametrize("offline", [False, True])
def test_all_is_recorded_where_links_are_refused(new_kernel, tmp_path, offline):
    made = tmp_path / "made by hand.txt"
    made.write_text("text")
    kernel = new_kernel()
    kernel.run(NO_LINKS)
    if kernel.run("print(allowed)").stdout.strip() != "True":
        pytest.skip("the system does not let a process give up calls")
    assert kernel.run(f"MADE = {str(made)!r}\n{REFUSED}").stdout.split() == ["symlink", "link"]

    loaded = kernel.run("import mlmagic\n%load_ext mlmagic")
    assert (loaded.status, loaded.stderr, len(loaded.stdout.splitlines())) == ("ok", "", 1), loaded.stdout
    kernel.run(f"%config MLMagic.offline = {offline}")
    tracked = kernel.run(TRAINING)
    assert tracked.status == "ok", tracked.errors
    if offline:
        kernel.run("%config MLMagic.offline = False\n%mlmagic sync")

    stored = kernel.run(STORED)
    assert stored.stdout.strip() == "FINISHED 0.5 1.0 1 ['figures', 'made by hand.txt', 'mlmagic']", stored.errors
