"""The Git repository: the commit, the patch of what is not committed, and how Git is asked safely."""
