"""Measurements of mlmagic, side by side with plain MLflow: ``python -m benchmarks``."""
