"""The miniature's generative models: their networks and training tasks."""
