"""A diffusion model's network as a classifier: trained as one from scratch, or with a head on its features."""

import torch
from diffusers import UNet2DConditionModel
from torch import nn

from generative_classifiers.io.paths import ROOT
from generative_classifiers.models.loading.diffusers_pipelines import adapter_class

# The step of the noise schedule that the network is told. Features of low noise levels tell objects apart best
# (arXiv 2112.03126).
TIME = 100
VARIANT = "fp16"  # as training saves pipelines


class DiffusionClassifier(nn.Module):
    """The U-Net of a pipeline, the means of its last blocks' channels over the image, and one linear layer.

    Parameters
    ----------
    classes : int
    pipeline : str
        The folder of a pipeline of diffusers with a U-Net, relative to the project's root.
    only_head : bool
        Whether the U-Net keeps the pipeline's weights, and only the linear layer is trained. Otherwise all of it begins
        with random weights.

    Notes
    -----
    Maps images (batch, 3, y, x) in [-1, 1] to logits (batch, class). The prompt is empty.
    """

    def __init__(self, classes, pipeline, only_head=False):
        super().__init__()
        adapter = adapter_class(pipeline, ROOT / pipeline)
        loaded = adapter.pipeline_class.from_pretrained(ROOT / pipeline, variant=VARIANT, local_files_only=True).to(
            dtype=torch.float32
        )
        self.adapter = adapter(pipeline, loaded)
        with torch.no_grad():
            self.register_buffer("prompt", self.adapter.encode([""], "cpu")["encoder_hidden_states"].clone())
        self.encoder = getattr(loaded, "vae", None)
        self.network = loaded.unet if only_head else UNet2DConditionModel.from_config(loaded.unet.config)
        for part in (self.encoder, self.network if only_head else None):
            if part is not None:
                part.requires_grad_(False)
        blocks = [self.network.mid_block, *self.network.up_blocks]
        self.pooled = []
        for block in blocks:
            block.register_forward_hook(lambda block, inputs, output: self.pooled.append(output.mean(dim=(2, 3))))
        widths = self.network.config.block_out_channels
        self.classifier = nn.Linear(widths[-1] + sum(widths), classes)

    def forward(self, images):
        """Logits (batch, class) of images (batch, 3, y, x) in [-1, 1]."""
        with torch.no_grad():
            seen = self.adapter.codec.encode(images)
        self.pooled.clear()
        time = torch.full((len(seen),), TIME, device=seen.device)
        self.network(seen, time, self.prompt.expand(len(seen), -1, -1))
        return self.classifier(torch.cat(self.pooled, dim=1))
