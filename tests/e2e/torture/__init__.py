"""The type torture: tables over all types, random changes with values at the edges, and a comparison by HEX."""
from .run import Torture, Settings, Side
from .leftout import left_out

__all__ = ["Settings", "Side", "Torture", "left_out"]
