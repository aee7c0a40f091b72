"""Runs side by side: what is compared, how it travels to the browser, and the widget that shows it."""
