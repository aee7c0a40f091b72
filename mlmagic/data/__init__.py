"""Datasets: fingerprints of their content, profiles, and train/val/test splits."""
