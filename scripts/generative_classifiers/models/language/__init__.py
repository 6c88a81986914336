"""Vision-language models, which answer questions about images."""
