"""What the miniature's models of image tokens begin with: a code for every patch of an image."""

import torch
from scipy.cluster.vq import kmeans2
from torch.nn.functional import mse_loss, normalize

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set

PLACED_ON = 8  # batches
# The encoder follows the codes less than the codes follow it (arXiv 1711.00937).
COMMITMENT = 0.25


class Codebook:
    """To give images back from the codes of their patches: `generative.Task`.

    Codes that begin at random are hardly ever the nearest, and those that never are never learn. So the network gets
    to know images without codes first; then its codes begin as the means of clusters of what patches became.

    Parameters
    ----------
    network : JanusVQVAE or diffusers.VQModel
    see : callable
        From uint8 (image, y, x, channel) to what the network takes for an image.
    recipe : dict
        steps, batch_size, uncoded (the first steps, which are without codes), seed.
    world : dict
        size and texture_contrast of the training images.
    directions : bool
        Whether codes are directions, and so are compared and decoded with a length of 1.
    """

    def __init__(self, network, see, recipe, world, directions=False):
        self.network, self.see, self.recipe, self.world, self.directions = network, see, recipe, world, directions
        self.modules = torch.nn.ModuleList([network])
        self.drawings = drawing_set("training")

    def loss(self, step):
        """Mean squared error, and how far apart patches and their codes are."""
        recipe = self.recipe
        if step == recipe.uncoded:
            self.place()
        images = self.images(step)
        found = self.encode(images)
        if step < recipe.uncoded:
            return mse_loss(self.decode(found), images)
        near = self.nearest(found)
        apart = mse_loss(near, found.detach()) + COMMITMENT * mse_loss(found, near.detach())
        # Gradients pass the choice of a code as if there were none.
        return mse_loss(self.decode(found + (near - found).detach()), images) + apart

    def images(self, step):
        """A step's images (image, 3, y, x)."""
        recipe = self.recipe
        return self.see(batch(self.drawings, step, recipe.batch_size, recipe.seed, self.world)[0])

    def encode(self, images):
        """Patches (image, channel, y, x), not coded yet."""
        return self._shape(self.network.quant_conv(self.network.encoder(images)))

    def nearest(self, found):
        """The nearest code of each patch, (image, channel, y, x)."""
        codes = self._shape(self.network.quantize.embedding.weight)
        with torch.no_grad():
            chosen = torch.cdist(found.movedim(1, -1).flatten(0, 2), codes).argmin(1)
        return codes[chosen].reshape(*found.movedim(1, -1).shape).movedim(-1, 1)

    def decode(self, patches):
        """Images (image, 3, y, x)."""
        return self.network.decoder(self.network.post_quant_conv(patches))

    def _shape(self, vectors):
        return normalize(vectors, dim=1) if self.directions else vectors

    @torch.no_grad()
    def place(self):
        """Put the codes where patches are."""
        steps, codes = range(PLACED_ON), self.network.quantize.embedding.weight
        patches = torch.cat([self.encode(self.images(step)).movedim(1, -1).flatten(0, 2) for step in steps])
        rng = generator("codebook", self.recipe.seed)
        codes.copy_(torch.from_numpy(kmeans2(patches.numpy(), len(codes), minit="++", rng=rng)[0]))
