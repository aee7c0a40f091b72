"""What a tracked cell records without being asked: read off its values, its calls and its source."""
