"""Configs, composed by Hydra itself: inline, from folders of groups, and typed by dataclasses."""
