"""Models of the real networks' shapes with random weights, made on a device directly, from configurations alone.

Configurations are those of the published networks. Prompts are random numbers of the right shape, since text encoders
run only once.
"""

from types import SimpleNamespace
from typing import ClassVar

import diffusers
import torch
import transformers

import tiny_pipelines
from generative_classifiers.models.base import Runtime
from generative_classifiers.models.diffusion.adapters import ADAPTERS
from generative_classifiers.models.diffusion.model import DiffusionModel
from generative_classifiers.models.tokens.autoregressive import AutoregressiveModel
from generative_classifiers.models.tokens.masked import MaskedModel
from generative_classifiers.study.prompts import prompts_of

WORDS = 77  # tokens of CLIP's prompts
WEIGHTS = {"weights": "random"}  # in place of an identity


class Parts(SimpleNamespace):
    """The parts of a pipeline that adapters use."""

    config: ClassVar = {}

    def to(self, device, **_):
        """The parts are where they were made."""


def vae(channels=4, **settings):
    """The autoencoder of Stable Diffusion."""
    return diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        latent_channels=channels,
        scaling_factor=0.2,
        **settings,
    )


def stable_diffusion_1_4():
    network = diffusers.UNet2DConditionModel(sample_size=64, cross_attention_dim=768)
    prompts = {"encoder_hidden_states": (WORDS, 768)}
    return "StableDiffusionPipeline", {"unet": network, "vae": vae()}, prompts, 512


def stable_diffusion_xl():
    network = diffusers.UNet2DConditionModel(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        cross_attention_dim=2048,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )
    prompts = {"encoder_hidden_states": (WORDS, 2048), "text_embeds": (1280,), "time_ids": (6,)}
    return "StableDiffusionXLPipeline", {"unet": network, "vae": vae()}, prompts, 1024


def stable_diffusion_3_5_medium():
    network = diffusers.SD3Transformer2DModel(
        sample_size=128,
        patch_size=2,
        in_channels=16,
        out_channels=16,
        num_layers=24,
        attention_head_dim=64,
        num_attention_heads=24,
        joint_attention_dim=4096,
        caption_projection_dim=1536,
        pooled_projection_dim=2048,
        pos_embed_max_size=384,
        dual_attention_layers=tuple(range(13)),
        qk_norm="rms_norm",
    )
    prompts = {"encoder_hidden_states": (WORDS + 256, 4096), "pooled_projections": (2048,)}
    autoencoder = vae(16, use_quant_conv=False, use_post_quant_conv=False)
    return "StableDiffusion3Pipeline", {"transformer": network, "vae": autoencoder}, prompts, 512


def deepfloyd_if_1():
    network = diffusers.UNet2DConditionModel(
        sample_size=64,
        in_channels=3,
        out_channels=6,
        layers_per_block=3,
        block_out_channels=(704, 1408, 2112, 2816),
        down_block_types=("ResnetDownsampleBlock2D", *["SimpleCrossAttnDownBlock2D"] * 3),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=(*["SimpleCrossAttnUpBlock2D"] * 3, "ResnetUpsampleBlock2D"),
        attention_head_dim=64,
        cross_attention_dim=2816,
        encoder_hid_dim=4096,
        addition_embed_type="text",
        addition_embed_type_num_heads=64,
        cross_attention_norm="group_norm",
        resnet_time_scale_shift="scale_shift",
        act_fn="gelu",
    )
    return "IFPipeline", {"unet": network}, {"encoder_hidden_states": (WORDS, 4096)}, 64


def diffusion(make, runtime):
    """A diffusion model of one of the shapes above."""
    with runtime.device:
        pipeline, networks, shapes, resolution = make()
    adapter_class = ADAPTERS[pipeline]
    if adapter_class.denoiser in adapter_class.large:
        networks[adapter_class.denoiser].to(getattr(torch, runtime.dtype))
    is_flow = pipeline == "StableDiffusion3Pipeline"
    noise = diffusers.FlowMatchEulerDiscreteScheduler() if is_flow else tiny_pipelines.scheduler("epsilon")
    adapter = adapter_class("random", Parts(**networks, scheduler=noise), resolution)
    prompts = prompts_of()
    encoded = {name: torch.randn(len(prompts), *shape) for name, shape in shapes.items()}
    adapter.condition = lambda *_: {
        name: value.to(runtime.device, adapter.network.dtype) for name, value in encoded.items()
    }
    return DiffusionModel("random", adapter, prompts, runtime, WEIGHTS)


def amused_512(runtime, reading="likelihood"):
    """A model of the shape of aMUSEd 512."""
    words = tiny_pipelines.tokenizer()
    words.model_max_length = WORDS
    text = {"hidden_size": 768, "num_hidden_layers": 2, "projection_dim": 768, "max_position_embeddings": WORDS}
    config = transformers.CLIPTextConfig(
        vocab_size=len(words), bos_token_id=0, eos_token_id=1, pad_token_id=1, intermediate_size=3072, **text
    )
    with runtime.device:
        network = diffusers.UVit2DModel(
            cond_embed_dim=768,
            encoder_hidden_size=768,
            vocab_size=8256,
            codebook_size=8192,
            in_channels=768,
            block_out_channels=768,
            num_res_blocks=3,
            downsample=True,
            upsample=True,
            block_num_heads=12,
            num_hidden_layers=22,
            num_attention_heads=16,
            intermediate_size=2816,
            sample_size=32,
        )
        vqvae = diffusers.VQModel(
            block_out_channels=(128, 256, 256, 512, 768),
            down_block_types=("DownEncoderBlock2D",) * 5,
            up_block_types=("UpDecoderBlock2D",) * 5,
            layers_per_block=2,
            latent_channels=64,
            num_vq_embeddings=8192,
            mid_block_add_attention=False,
            lookup_from_codebook=True,
        )
        encoder = transformers.CLIPTextModelWithProjection(config)
    parts = {
        "transformer": network,
        "vqvae": vqvae,
        "text_encoder": encoder,
        "tokenizer": words,
        "scheduler": diffusers.AmusedScheduler(mask_token_id=8255),
    }
    return MaskedModel("random", parts, prompts_of(), reading, 512, runtime, WEIGHTS)


class JanusModel(AutoregressiveModel):
    """A Janus model with random numbers in place of prompts that it has read."""

    def _read_prompts(self, tokens):
        config = self.network.config
        shape = (len(tokens), config.num_key_value_heads, tokens.shape[1], config.head_dim)
        keys = torch.randn(shape, device=self.device, dtype=self.dtype)
        state = torch.randn(len(tokens), 1, config.hidden_size, device=self.device, dtype=self.dtype)
        return [(keys, keys)] * config.num_hidden_layers, state


def janus_pro_1b(runtime):
    """A model of the shape of Janus Pro 1B. The network that looks at images, which is not used, has one layer."""
    config = transformers.JanusConfig(
        text_config={
            "model_type": "llama",
            "vocab_size": 102400,
            "hidden_size": 2048,
            "intermediate_size": 5632,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "num_key_value_heads": 16,
        },
        vision_config={"hidden_size": 1024, "num_hidden_layers": 1, "projection_dim": 2048, "image_size": 384},
        vq_config={
            "embed_dim": 8,
            "num_embeddings": 16384,
            "latent_channels": 256,
            "num_patches": 24,
            "projection_dim": 2048,
            "image_token_embed_dim": 2048,
        },
    )
    with runtime.device:
        network = transformers.JanusForConditionalGeneration(config)
    prompts = prompts_of()
    tokens = torch.randint(102400, (len(prompts), 20))
    prompt = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    return JanusModel("random", network, prompt, prompts, runtime, WEIGHTS)


MAKE = {
    "stable-diffusion-1-4": lambda runtime: diffusion(stable_diffusion_1_4, runtime),
    "stable-diffusion-xl": lambda runtime: diffusion(stable_diffusion_xl, runtime),
    "stable-diffusion-3-5-medium": lambda runtime: diffusion(stable_diffusion_3_5_medium, runtime),
    "deepfloyd-if-1": lambda runtime: diffusion(deepfloyd_if_1, runtime),
    "amused-512": amused_512,
    "janus-pro-1b": janus_pro_1b,
}


def load(name, device, dtype="bfloat16", compile=False):
    """The model of a shape, by its name in the registry, on a device; "meta" computes nothing and takes no memory."""
    return MAKE[name](Runtime(torch.device(device), dtype, 1, compile))
