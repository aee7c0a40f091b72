"""What the pages of single runs and the tab of figures show: read on request."""
