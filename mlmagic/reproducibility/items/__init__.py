"""The eight items of the checklist, graded from the facts of a run."""
