"""Infer what a tracked cell records automatically from its values, its calls and its source."""
