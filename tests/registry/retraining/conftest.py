"""Scripts that tests run are no tests."""

collect_ignore = ["scheduled.py"]
