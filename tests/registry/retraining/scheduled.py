"""A retraining script as cron runs it: the first word after its name is where it stops to be killed, or nothing."""

import os
import signal
import sys

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mlmagic

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_recent, y_recent = X[400:], y[400:]
until = sys.argv[1] if len(sys.argv) > 1 else ""


def killed_at(where, module, name):
    """End the process as ``kill -9`` does, when *name* of *module* is called."""
    if until == where:
        setattr(module, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))


def train(X, y):
    print("training")
    if "wait" in sys.argv:  # not a variable: what the code reads tells one retraining from another
        sys.stdin.readline()
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, y)


if until:
    from mlmagic.registry import registering
    from mlmagic.registry.promotion import promoting
    from mlmagic.registry.retraining import retraining

    killed_at("trained", retraining, "_delivered")
    killed_at("delivered", retraining, "_model_of")
    killed_at("evaluated", registering, "register")
    killed_at("registered", retraining, "_as_challenger")
    killed_at("challenger", retraining, "_promoted")
    killed_at("judged", promoting, "carry_out")
mlmagic.retrain(
    "churn", train, (X[200:400], y[200:400]), on=(X_recent, y_recent), metric="accuracy", min=0.95,
    promote_to="champion", quiet=True,
)  # fmt: skip
