"""What is said in public, beside what the data says."""

from underlay.claims.entries import Published, published
from underlay.claims.reproduce import Compared, GetFigure, Reproduced, reproduce

__all__ = ["Compared", "GetFigure", "Published", "Reproduced", "published", "reproduce"]
