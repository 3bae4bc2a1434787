"""Who leads each layer of the AI stack, and what does that lead stand on?"""

__version__ = "0.1.0"
