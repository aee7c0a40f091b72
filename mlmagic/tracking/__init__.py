"""The life of a tracked cell: opening its run, collecting what it left behind, ending it."""
