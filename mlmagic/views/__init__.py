"""From data to text, HTML and pictures."""
