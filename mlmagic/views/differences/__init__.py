"""The difference of runs, as text and as HTML."""
