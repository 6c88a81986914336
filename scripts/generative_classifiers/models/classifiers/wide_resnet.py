"""ResNet-50 with all layers wider, as SimCLR's networks are (arXiv 2002.05709)."""

from torch import nn
from torchvision.models.resnet import Bottleneck, ResNet


class WideResNet50(ResNet):
    """Torchvision's ResNet-50 with `width` times its channels everywhere.

    Torchvision's own wide networks are wider only inside their blocks.

    Parameters
    ----------
    classes : int
    width : int
    """

    def __init__(self, classes=1000, width=1):
        self.width = width
        super().__init__(Bottleneck, [3, 4, 6, 3])
        self.conv1 = nn.Conv2d(3, 64 * width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64 * width)
        self.fc = nn.Linear(2048 * width, classes)

    def _make_layer(self, block, planes, *settings, **more):
        if planes == 64:  # the first layer, whose input is conv1's output
            self.inplanes *= self.width
        return super()._make_layer(block, planes * self.width, *settings, **more)
