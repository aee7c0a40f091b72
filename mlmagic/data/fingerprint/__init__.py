"""Fingerprints of datasets: the same for the same content, in every process and library."""
