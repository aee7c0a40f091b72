"""Detect secrets, redact them before anything is written, and recognise them from then on."""
