"""Profiles of datasets, and their records in MLflow's format."""
