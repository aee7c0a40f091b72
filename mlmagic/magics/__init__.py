"""What a user types: each magic parses, calls one plain function and displays what came back."""
