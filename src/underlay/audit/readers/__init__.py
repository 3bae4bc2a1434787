"""What a file says: its text as values that know their line and column. Knows no model by name."""
