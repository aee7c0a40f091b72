"""Views of what makes runs repeatable: the report of a reproduction."""
