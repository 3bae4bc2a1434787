"""What a string is: whether it names a model, of which kind, and how surely its place says so."""
