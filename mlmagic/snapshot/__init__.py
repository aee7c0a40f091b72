"""Snapshots of a run's environment, Git state and seeds, and the redaction of secrets."""
