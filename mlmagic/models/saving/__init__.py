"""Writes models in MLflow's format, and verifies that the written model predicts the same."""
