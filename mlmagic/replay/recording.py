"""Record a reproduction: its verdict as a tag of the original run, and the replay as a run of its own."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError
from mlmagic.replay.reproduction import REPRODUCES, Verdict
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import connection
from mlmagic.store.keys import LONGEST_TAG
from mlmagic.user_objects import one_line

if TYPE_CHECKING:
    from mlmagic.replay.reproduction import Reproduction

VERDICT = "mlmagic.reproduction"
"""The tag of the original run, and of the run that records the reproduction: the verdict."""


def record(found: Reproduction) -> Reproduction:
    """Record *found* in the store of the original run, and return it with the id of the new run.

    A store that cannot be written costs only the record: the reason becomes a note.
    """
    try:
        run_id = connection.ask(lambda: _record(found))
    except MLMagicError as error:
        return replace(found, notes=[*found.notes, f"not recorded: {one_line(error)}"])
    return replace(found, reproduced_by=run_id)


def _record(found: Reproduction) -> str:
    from mlflow.entities import Metric, RunTag

    client = connection.connect()
    original = client.get_run(found.run_id)
    client.set_tag(found.run_id, VERDICT, str(found.verdict))
    now = time.time_ns() // 1_000_000
    why = [f"{cause.what}: {cause.evidence}" for cause in found.causes]
    models = (one for one in found.results if one.kind == "model" and one.state == "different")
    why += [f"the model {one.name!r}: {one.note}" for one in models]
    tags = {
        "mlflow.runName": f"{found.name} reproduced",
        REPRODUCES: found.run_id,
        VERDICT: str(found.verdict),
        "mlflow.parentRunId": found.run_id,
        "mlmagic.reproduction.why": redaction.redact(found.reason or "; ".join(why))[0][:LONGEST_TAG],
        "mlflow.user": original.data.tags.get("mlflow.user", ""),
    }
    run = client.create_run(
        original.info.experiment_id,
        start_time=now - int(found.seconds * 1000),
        run_name=tags["mlflow.runName"],
        tags=tags,
    )
    metrics = [
        Metric(one.name, float(one.replayed), now, 0) for one in found.results if one.kind == "metric" and one.replayed
    ]
    client.log_batch(
        run.info.run_id,
        metrics=metrics[:1000],
        tags=[RunTag("mlmagic.reproduction.cells", f"{found.cells}/{found.of_cells}")],
    )
    client.set_terminated(run.info.run_id, "FAILED" if found.verdict is Verdict.CANNOT_RUN else "FINISHED")
    return str(run.info.run_id)
