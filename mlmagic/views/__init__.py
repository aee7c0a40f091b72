"""Views turn data into text, HTML and pictures."""
