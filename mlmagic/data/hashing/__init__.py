"""64-bit hashes that do not change with library releases."""
