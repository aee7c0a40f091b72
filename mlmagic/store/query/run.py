"""A recorded run as an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import require_text, require_text_or_none
from mlmagic.errors import RunNotFoundError, StoreAwayError, UsageProblem
from mlmagic.store import connection, shared_parts, tracking_uri
from mlmagic.store.artifact_reading import place_of
from mlmagic.store.changes import run_changes
from mlmagic.store.keys import valid_key
from mlmagic.store.model_files import loading
from mlmagic.store.query import durations, logged_models, queries
from mlmagic.store.query.infinities import number_as_logged
from mlmagic.store.query.session_log import read_log
from mlmagic.store.refusals import refused_by
from mlmagic.store.values import as_text
from mlmagic.store.waiting import answered
from mlmagic.suggestions import did_you_mean
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run as MlflowRun

    from mlmagic.session.log import ExecutionLog
    from mlmagic.store.artifact_reading import ArtifactPlace

_LONGEST_TEXT = 500_000_000
_LONGEST_SILENCE_S = 60.0


@dataclass(frozen=True)
class Run:
    """A run in the store; every attribute is read from the store on access.

    Its note, tags, star and archive can be changed, and it can be deleted and restored.

    Parameters
    ----------
    id
        MLflow's run id.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.Run.find("forest").metrics["accuracy"]  # doctest: +SKIP
    0.95
    """

    id: str

    @classmethod
    def find(cls, reference: str) -> Run:
        """Return the run with this id, beginning of an id, or name (the newest of that name)."""
        require_text("mlmagic.Run.find", "mlmagic.Run.find('baseline')", reference=reference)
        return cls(queries.find_run(reference).info.run_id)

    def _stored(self) -> MlflowRun:
        return queries.get_run(self.id)

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self._stored().info.run_name)

    @property
    def status(self) -> str:
        """``RUNNING``, ``FINISHED``, ``FAILED`` or ``KILLED``."""
        return str(self._stored().info.status)

    @property
    def duration_s(self) -> float | None:
        """Seconds that the run spent in its cells, None while it has not ended."""
        return durations.duration_s(self._stored())

    @property
    def span_s(self) -> float | None:
        """Seconds from the start to the end of a continued run, None for any other run."""
        return durations.span_s(self._stored())

    @property
    def params(self) -> dict[str, str]:
        """The parameters, as text."""
        return dict(self._stored().data.params)

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        return {name: number_as_logged(value) for name, value in self._stored().data.metrics.items()}

    @property
    def tags(self) -> dict[str, str]:
        """The tags, including MLflow's own."""
        return dict(self._stored().data.tags)

    @property
    def note(self) -> str:
        """The note, which the MLflow UI shows as the description; empty if there is none."""
        return self.tags.get(run_changes.NOTE, "")

    def set_note(self, text: str) -> None:
        """Set the note; an empty text removes it. Secrets in it are redacted.

        Raises
        ------
        UsageProblem
            When it is longer than MLflow keeps (8,000 characters).
        RunNotFoundError, StoreError
            When the run was deleted, or the store cannot be written.

        Examples
        --------
        >>> import mlmagic
        >>> mlmagic.Run.find("forest").set_note("the baseline of June")  # doctest: +SKIP
        """
        require_text("Run.set_note", "run.set_note('the baseline of June')", text=text)
        run_changes.set_note(self._stored().info.run_id, text)

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Add or change tags; the value None removes a tag. Secrets in them are redacted.

        Raises
        ------
        UsageProblem
            When a name begins with ``mlflow.`` or ``mlmagic.``, or MLflow does not take a name or a value.
        RunNotFoundError, StoreError
            When the run was deleted, or the store cannot be written.

        Examples
        --------
        >>> import mlmagic
        >>> mlmagic.Run.find("forest").set_tags({"team": "vision", "draft": None})  # doctest: +SKIP
        """
        changes = {str(name): None if value is None else as_text(value) for name, value in tags.items()}
        run_changes.set_tags([self._stored().info.run_id], changes)

    def star(self, *, on: bool = True) -> None:
        """Give the run a star, or (``on=False``) remove it: ``%runs star = true`` finds the runs that have one."""
        run_changes.star([self._stored().info.run_id], on=on)

    def archive(self, *, on: bool = True) -> None:
        """Archive the run, or (``on=False``) take it back: ``%runs`` and ``%compare`` hide archived runs."""
        run_changes.archive([self._stored().info.run_id], on=on)

    def delete(self) -> None:
        """Delete the run as MLflow does: `restore` brings it back until ``mlflow gc``. Its nested runs stay."""
        run_changes.delete([self._stored().info.run_id])

    def restore(self) -> None:
        """Restore the run after `delete`."""
        run_changes.restore([self._stored().info.run_id])

    def history(self, metric: str) -> list[tuple[int, float]]:
        """Return (step, value) pairs of a metric, in order of the steps."""
        stored = self._stored()
        key = metric if metric in stored.data.metrics else valid_key(metric)
        points = connection.ask(lambda: connection.connect().get_metric_history(stored.info.run_id, key))
        usual = (one for one in points if isinstance(one.step, int) and isinstance(one.value, float | int))
        return sorted((point.step, number_as_logged(point.value)) for point in usual)

    @property
    def artifacts(self) -> list[str]:
        """The paths of all files of the run."""
        place = self._place()
        return connection.ask(lambda: _paths(place), timeout_s=_LONGEST_SILENCE_S)

    def _place(self) -> ArtifactPlace:
        info = self._stored().info
        return place_of(info.run_id, info.artifact_uri)

    def text(self, path: str) -> str:
        """Return a text artifact, such as ``"mlmagic/cell.py"``.

        Raises
        ------
        UsageProblem
            When the run has no such artifact.
        StoreError
            When it cannot be read, is a link, or has more than 500 MB.
        """
        info = self._stored().info
        place = place_of(info.run_id, info.artifact_uri)

        def read() -> str:
            if path not in {file.path for file in place.files(path.rpartition("/")[0]) if not file.is_dir}:
                raise UsageProblem(f"the run has no artifact {path!r}.{did_you_mean(path, _paths(place))}")
            content = place.read(path, _LONGEST_TEXT)
            whole = shared_parts.whole(content, info.run_id, info.artifact_uri, _LONGEST_TEXT)
            return whole.decode("utf-8", "replace")

        with connection.environment_variable("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false"):
            return connection.ask(read, timeout_s=_LONGEST_SILENCE_S)

    def load_model(self, name: str | None = None, *, trust: bool = False) -> Any:
        """Return a model that the run logged, as the library's own object, else as a pyfunc model.

        Parameters
        ----------
        name
            The model's name, which is that of the variable; not needed if the run has one model.
        trust
            Load a model whose files do not bear this user's signature, without asking. Its code runs.

        Raises
        ------
        ModelNotFoundError
            When the run has no model, or none of this name.
        UsageProblem
            When it has several, or the files are not this user's and nobody can be asked.
        ModelLoadError
            When it cannot be loaded here.
        StoreError
            When it cannot be read.

        Examples
        --------
        >>> import mlmagic
        >>> model = mlmagic.Run.find("forest").load_model("model")  # doctest: +SKIP
        """
        require_text_or_none("Run.load_model", "run.load_model('model')", name=name)
        stored = self._stored()

        def find() -> loading.ModelFiles:
            client = connection.connect()
            with refused_by(tracking_uri.current_uri()):
                models = logged_models.models_of(client, stored)
            chosen = logged_models.choose(models, name, stored, how="run.load_model(NAME)")
            return logged_models.files_of(chosen)

        return loading.load(connection.ask(find), trust=trust, stacklevel=3)

    @property
    def session(self) -> ExecutionLog:
        """The cells that the run's session had executed up to it; ``.to_script()`` turns them into a script.

        Raises
        ------
        UsageProblem
            When none were recorded.
        StoreError
            When they cannot be read.
        """
        stored = self._stored()
        return connection.ask(lambda: read_log(stored), timeout_s=_LONGEST_SILENCE_S)

    @property
    def url(self) -> str | None:
        """The run's page in the MLflow UI, None if no UI is known (setting ``ui_url``, or an http store)."""
        info = self._stored().info
        return tracking_uri.url(info.run_id, info.experiment_id)

    def __repr__(self) -> str:
        try:
            stored = self._stored()
        except (StoreAwayError, RunNotFoundError) as error:
            return f"Run(id={self.id[:8]!r}, not read: {error})"
        metrics = {name: round(number_as_logged(value), 6) for name, value in sorted(stored.data.metrics.items())}
        status = clean(stored.info.status)
        return f"Run({stored.info.run_name!r}, {status}, id={stored.info.run_id[:8]!r}, metrics={metrics})"


def _paths(place: ArtifactPlace) -> list[str]:
    found: list[str] = []
    folders = [""]
    while folders:
        for item in place.files(folders.pop()):
            answered()
            (folders if item.is_dir else found).append(item.path)
    return sorted(found)
