"""Where calls come in, and what they need at the door."""
