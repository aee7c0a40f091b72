"""What one cell reads, calls and binds, seen while it runs."""
