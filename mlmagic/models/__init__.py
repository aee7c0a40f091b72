"""Detects fitted models, reads their parameters, and saves them as MLflow models."""
