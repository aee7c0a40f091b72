"""The magics: each one parses its line, calls one plain function and displays the result."""
