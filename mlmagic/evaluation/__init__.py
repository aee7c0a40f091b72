"""Cross-validation and evaluation of models."""
