"""Checks of a model in service: drift, performance, anomalies. Each takes recorded rows, and returns findings."""
