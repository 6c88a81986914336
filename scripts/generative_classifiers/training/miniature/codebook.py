"""The first stage of the miniature's token models: a code for every patch of an image."""

import torch
from scipy.cluster.vq import kmeans2
from torch.nn.functional import mse_loss, normalize

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.training.data import DrawingBatches
from generative_classifiers.training.generative import Task

CLUSTERED_BATCHES = 32  # whose patches the codes are initialised from
# The weight of the encoder's commitment to its codes (arXiv 1711.00937).
COMMITMENT = 0.25


class CodebookTask(Task):
    """To reconstruct images from the codes of their patches.

    Codes with random initial values are rarely the nearest to a patch, and a code that never is does not learn. So the
    network is first trained without codes. Then k-means on its encoded patches gives the codes their initial values.

    Parameters
    ----------
    network : JanusVQVAE or diffusers.VQModel
    preprocess : callable
        From uint8 (image, y, x, channel) to the network's input (image, 3, y, x).
    recipe : study.recipes.Codebook
    world : study.settings.World
    resolution : int, optional
        Pixels along an image's side, instead of the world's.
    directions : bool
        Whether codes are directions: they, and the patches, are normalised before they are compared or decoded.
    """

    def __init__(self, network, preprocess, recipe, world, resolution=None, directions=False):
        super().__init__([network])
        self.network, self.preprocess, self.recipe, self.directions = network, preprocess, recipe, directions
        self.batches = DrawingBatches(world, recipe.batch_size, recipe.seed, resolution)

    def __getitem__(self, step):
        """A step's images, as the network's input."""
        images, _ = self.batches(step)
        return (self.preprocess(images),)

    def loss(self, step, images):
        """The mean squared error, plus the distances of patches and their codes."""
        if step == self.recipe.uncoded:
            self.initialise_codes(images.device)
        patches = self.encode(images)
        if step < self.recipe.uncoded:
            return mse_loss(self.decode(patches), images)
        codes = self.nearest(patches)
        distance = mse_loss(codes, patches.detach()) + COMMITMENT * mse_loss(patches, codes.detach())
        # Straight through: gradients pass the choice of a code as if it were the identity.
        coded = patches + (codes - patches).detach()
        return mse_loss(self.decode(coded), images) + distance

    def encode(self, images):
        """Encoded patches (image, channel, y, x), before they are replaced by codes."""
        return self._normalised(self.network.quant_conv(self.network.encoder(images)))

    def nearest(self, patches):
        """The nearest code of each patch, (image, channel, y, x)."""
        codes = self._normalised(self.network.quantize.embedding.weight)
        channels_last = patches.movedim(1, -1)
        with torch.no_grad():
            indices = torch.cdist(channels_last.flatten(0, 2), codes).argmin(1)
        return codes[indices].reshape(channels_last.shape).movedim(-1, 1)

    def decode(self, patches):
        """Images (image, 3, y, x)."""
        return self.network.decoder(self.network.post_quant_conv(patches))

    def _normalised(self, vectors):
        return normalize(vectors, dim=1) if self.directions else vectors

    @torch.no_grad()
    def initialise_codes(self, device):
        """Set the codes to the means of clusters of encoded patches."""
        encoded = [self.encode(self[step][0].to(device)) for step in range(CLUSTERED_BATCHES)]
        patches = torch.cat([part.movedim(1, -1).flatten(0, 2) for part in encoded]).cpu()
        codes = self.network.quantize.embedding.weight
        means, _ = kmeans2(patches.numpy(), len(codes), minit="++", rng=generator("codebook", self.recipe.seed))
        codes.copy_(torch.from_numpy(means))
