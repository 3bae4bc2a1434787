"""The models that files name: one detector for each kind of file."""
