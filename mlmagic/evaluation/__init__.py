"""Evaluate a fitted model on test data: metrics with intervals, slices, figures, and the comparison of two models."""
