"""Figures and tables of what the stores of metrics hold. Nothing is measured here."""
