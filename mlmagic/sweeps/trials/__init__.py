"""Runs one trial in any process, isolated from the notebook and from other trials."""
