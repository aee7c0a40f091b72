"""The files that a run read, as they were: in the folder of today, or in a copy of its commit and patch."""
