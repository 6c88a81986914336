"""Recipes of the miniature's models."""
