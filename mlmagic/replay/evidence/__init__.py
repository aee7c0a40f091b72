"""What both runs recorded beside their results, and what can be read off it: data, environments, clocks."""
