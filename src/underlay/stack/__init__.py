"""The graph that joins models to what they run on, and what is left when a piece goes."""
