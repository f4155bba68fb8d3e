"""Chapters of the technical report, each from what the study holds. A part that is not held is named as missing."""
