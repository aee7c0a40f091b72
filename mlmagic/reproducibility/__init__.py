"""How reproducible a run or a notebook is: the checklist of a run, and the linter, which read code and never run it."""
