"""What one code base stands on: models and infrastructure, found in its files."""
