"""The miniature's discriminative network, which is trained with and without diffusion noise."""

from torch import nn

CHANNELS = (32, 32, 64, 64, 128, 128)
STRIDES = (1, 2, 1, 2, 1, 2)


class SmallCNN(nn.Module):
    """Six 3 x 3 convolutions with batch norm, global average pooling and one linear layer.

    Parameters
    ----------
    categories : int
        Number of categories.

    Notes
    -----
    Maps images (batch, 3, y, x) scaled to [-1, 1] to logits (batch, category), for any image size.
    """

    def __init__(self, categories=16):
        super().__init__()
        layers, channels_in = [], 3
        for channels, stride in zip(CHANNELS, STRIDES, strict=True):
            # No bias, since batch norm would undo it.
            layers += [
                nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            ]
            channels_in = channels
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels_in, categories)

    def forward(self, images):
        """Logits (batch, category) of images (batch, 3, y, x) in [-1, 1]."""
        return self.classifier(self.features(images).mean(dim=(2, 3)))
