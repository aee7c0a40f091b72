"""Query a store for runs: filters, tables, histories, and one run as an object."""
