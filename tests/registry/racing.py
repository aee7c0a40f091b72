"""A process that plans promotions and carries them out when it is told to: one of those that race in the tests."""

import os
import sys

import mlflow

from mlmagic.errors import PromotionRefusedError
from mlmagic.registry.names import Reference
from mlmagic.registry.promotion import promoting
from mlmagic.store import connection

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = connection.connect()


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


say("ready")
for line in sys.stdin:
    wanted = promoting.Wanted(Reference("churn", int(line)), "champion")
    plan = promoting.judged(wanted, promoting.look(wanted, client))
    say("planned")
    sys.stdin.readline()
    try:
        say("won", promoting.carry_out(client, plan).version)
    except PromotionRefusedError as error:
        say("lost", error)
