"""Compares models whose files differ by what they predict on the rows that are stored with them."""
