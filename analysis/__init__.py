"""Statistics of a practice analysis: pure functions from ratings to domain weights and items."""

__version__ = "0.1.0"
