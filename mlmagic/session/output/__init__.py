"""What a cell shows: text, values, logging, figures, prompts."""
