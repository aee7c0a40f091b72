"""The Git state of a run: the commit, the patch of uncommitted changes, and safe calls of `git`."""
