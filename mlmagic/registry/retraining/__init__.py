"""Retraining: look at the champion on recent data, train another model if needed, and promote it through the gate."""
