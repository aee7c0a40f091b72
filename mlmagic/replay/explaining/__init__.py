"""Explain why two runs of one cell differ: replays in which single differences are taken from the other run."""
