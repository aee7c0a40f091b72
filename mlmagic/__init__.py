"""mlmagic: a notebook cell becomes a recorded, comparable, repeatable MLflow run."""
from mlmagic._version import __version__
