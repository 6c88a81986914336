"""How good and how human-like decisions are: a numpy core under a thin labelled layer.

The definitions are those of the model-vs-human benchmark (Geirhos et al. 2021, arXiv 2106.07411), to floating-point
precision.
"""
