"""What adapters of pipeline classes have in common."""

import numpy as np
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.codecs import LatentCodec
from generative_classifiers.models.encoded_prompts import check_distinct, check_length

LARGEST = 16384  # pixels along a side


class Adapter:
    """What distinguishes pipeline classes from each other. The defaults are those of most classes.

    Parameters
    ----------
    observer : str
        For messages.
    pipeline : diffusers.DiffusionPipeline
    resolution : int, optional
        Pixels along a side of the images, instead of what the network was made for.

    Attributes
    ----------
    pipeline_class : type
        Of diffusers.
    codec_class : type
        Of `models.diffusion.codecs`.
    denoiser : str
        The part of the pipeline that is the network.
    unused, off : tuple of str
        Parts and settings of the pipeline that losses do not depend on. The parts are neither downloaded nor loaded.
    large : tuple of str
        Parts whose weights are kept in the network's precision, since they would fill a GPU in float32.
    packed : int
        Side of the blocks of latents that the network sees as channels.
    outputs : tuple of int
        How many channels the network may return, in multiples of its input's channels: 2 if it also returns a
        variance, which losses do not depend on.
    """

    codec_class = LatentCodec
    denoiser = "unet"
    unused = off = ()
    large = ()
    packed = 1
    outputs = (1,)

    def __init__(self, observer, pipeline, resolution=None):
        self.pipeline = pipeline
        self.network = getattr(pipeline, self.denoiser)
        self.codec = self.codec_class(pipeline)
        self.resolution = int(resolution or self._native_resolution())
        self._check(observer)

    def _native_resolution(self):
        # Flux's networks do not say it; they were made for 128 latents.
        return np.max(self.network.config.get("sample_size", 128)) * self.codec.factor

    def _check(self, observer):
        """Raise InputError if the network does not fit the codec, or the resolution the network."""
        config, channels = self.network.config, self.codec.channels * self.packed**2
        out_channels = config.out_channels or config.in_channels
        allowed = [channels * multiple for multiple in self.outputs]
        if config.in_channels != channels or out_channels not in allowed:
            raise InputError(
                f"{observer}: its network maps {config.in_channels} channels to {out_channels}, "
                f"expected {channels} to {' or '.join(map(str, allowed))}"
            )
        smallest = config.patch_size if "patch_size" in config else 2 ** (len(config.block_out_channels) - 1)
        step = self.codec.factor * self.packed * smallest
        if not step <= self.resolution <= LARGEST or self.resolution % step:
            raise InputError(
                f"{observer}: resolution is {self.resolution}, expected a multiple of {step}, at most {LARGEST}"
            )
        self.codec.check(observer)

    def condition(self, observer, prompts, device):
        """Encode the prompts. The text encoders are deleted after that, to free the device's memory.

        Parameters
        ----------
        observer : str
            For messages.
        prompts : dict of str to str
            By category.
        device : torch.device

        Returns
        -------
        dict of str to torch.Tensor
            Arguments of `predict`, (category, ...), by name.

        Raises
        ------
        InputError
            Two prompts are encoded as the same.
        """
        parts = self.pipeline.components.items()
        encoders = {name: part for name, part in parts if name.startswith("text_encoder") and part is not None}
        for encoder in encoders.values():
            encoder.to(device)
        for name, encoder in encoders.items():
            if isinstance(encoder, CLIPTextModel | CLIPTextModelWithProjection):
                check_length(observer, getattr(self.pipeline, name.replace("text_encoder", "tokenizer")), encoder)
        encoded = self.encode(list(prompts.values()), device)
        for name in encoders:
            setattr(self.pipeline, name, None)
        check_distinct(observer, prompts, encoded)
        return {name: value.to(device, self.network.dtype) for name, value in encoded.items()}

    def encode(self, prompts, device):
        """Arguments of `predict` for a list of prompts: tensors (prompt, ...) by name."""
        raise NotImplementedError

    def predict(self, noised, time, **conditioning):
        """The network's prediction.

        Parameters
        ----------
        noised : torch.Tensor
            (image, channel, y, x).
        time : torch.Tensor
            (image,): the steps of the noise schedule.
        **conditioning : torch.Tensor
            (image, ...): what `condition` returned for each image's category.

        Returns
        -------
        torch.Tensor
            (image, channel, y, x).
        """
        output = self.network(noised, timestep=time, **conditioning, return_dict=False)[0]
        return output[:, : noised.shape[1]]
