"""Hashes of 64 bits that no release of a library changes."""
