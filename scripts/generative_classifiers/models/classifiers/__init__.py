"""Classifiers: discriminative networks, and contrastive models used zero-shot."""
