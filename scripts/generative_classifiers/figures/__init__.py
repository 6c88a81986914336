"""Figures of what the metrics stores hold: nothing is measured here, and one place styles all."""
