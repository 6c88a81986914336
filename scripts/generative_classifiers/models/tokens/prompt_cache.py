"""Keys and values of what was read once, and is continued in several ways."""

import torch
from transformers import DynamicCache


class PromptCache(DynamicCache):
    """Keys and values of prompts, to which those of later tokens are not added, since nothing reads them again."""

    def update(self, key_states, value_states, layer_idx, *args, **kwargs):
        """Keys and values of the prompts and of what follows them: `transformers.Cache.update`."""
        prompt = self.layers[layer_idx]
        return torch.cat([prompt.keys, key_states], 2), torch.cat([prompt.values, value_states], 2)
