"""What is compared: tables in memory, files, and recorded profiles, read column by column."""
