"""The journal: a run's records on the local disk, written before anything else, and the folder of journals."""
