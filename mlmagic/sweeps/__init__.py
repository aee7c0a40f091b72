"""Sweeps: run one piece of code with many values, on one core, on all cores, or on a cluster."""
