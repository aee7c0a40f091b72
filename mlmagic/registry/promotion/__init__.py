"""Changes of aliases: one process at a time (`claims`), recorded (`history`), and told when interrupted."""
