"""Dividing data into sides, and looking for leakage between them."""
