"""Sweeps: one piece of code run over many values, on one core, on all of them, or on a cluster."""
