"""Diffusion and flow-matching models of diffusers."""
