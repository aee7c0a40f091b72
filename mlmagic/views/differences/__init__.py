"""Views of the difference of runs, as text and as HTML."""
