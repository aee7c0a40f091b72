"""Tests and distances of two samples of one column; nothing here knows tables or reports."""
