"""Text-to-image models as image classifiers, and how human-like they are."""
