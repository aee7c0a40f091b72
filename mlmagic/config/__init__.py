"""Composes configs with Hydra: from inline YAML, from folders of config groups, typed by dataclasses."""
