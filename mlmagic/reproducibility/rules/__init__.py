"""The rules of the linter, a module for each family; each returns findings."""
