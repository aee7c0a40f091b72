"""Compares runs side by side: the selected runs, the messages to the browser, and the widget."""
