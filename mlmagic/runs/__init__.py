"""The life of a run: opening, recording, closing, and asking for it again."""
