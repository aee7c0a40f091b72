"""The connection to an MLflow store: its limits, its outages, and the file names and keys that it accepts."""
