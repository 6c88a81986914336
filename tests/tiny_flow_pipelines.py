"""Small pipelines of newer classes with random weights. Their networks predict a flow, and a letter is a token."""

from string import ascii_letters

import diffusers
import torch
import transformers

import tiny_pipelines
from tiny_pipelines import WIDTH


def gemma_tokenizer():
    """One token a letter."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁"]
    vocabulary = {piece: number for number, piece in enumerate([*special, *ascii_letters])}
    return transformers.GemmaTokenizer(vocab=vocabulary, merges=[])


def gemma():
    """Gemma 2's states, of two layers."""
    sizes = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 2, "head_dim": 8}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    return transformers.Gemma2Model(transformers.Gemma2Config(vocab_size=len(gemma_tokenizer()), **sizes, **heads))


def flux2(folder, side=8):
    """FLUX.2 klein. The states of layers 9, 18 and 27 are the prompt."""
    torch.manual_seed(7)
    vocabulary = {piece: number for number, piece in enumerate(["<|endoftext|>", "Ġ", *ascii_letters])}
    words = transformers.Qwen2Tokenizer(vocab=vocabulary, merges=[])
    words.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    text = transformers.Qwen3Config(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=28,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
    )
    autoencoder = diffusers.AutoencoderKLFlux2(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
    )
    autoencoder.bn.running_mean.normal_()
    autoencoder.bn.running_var.uniform_(0.5, 2)
    transformer = diffusers.Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=3 * WIDTH,
        guidance_embeds=False,
        axes_dims_rope=(2, 2, 2, 2),
    )
    pipeline = diffusers.Flux2KleinPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=autoencoder,
        text_encoder=transformers.Qwen3ForCausalLM(text),
        tokenizer=words,
        transformer=transformer,
    )
    return tiny_pipelines.save(pipeline, folder)


def sana(folder, side=8):
    torch.manual_seed(8)
    autoencoder = diffusers.AutoencoderDC(
        latent_channels=4,
        attention_head_dim=4,
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        encoder_layers_per_block=(1, 1),
        decoder_layers_per_block=(1, 1),
        encoder_qkv_multiscales=((), ()),
        decoder_qkv_multiscales=((), ()),
        scaling_factor=0.5,
    )
    transformer = diffusers.SanaTransformer2DModel(
        in_channels=4,
        out_channels=4,
        num_attention_heads=2,
        attention_head_dim=8,
        num_layers=2,
        num_cross_attention_heads=2,
        cross_attention_head_dim=8,
        cross_attention_dim=WIDTH,
        caption_channels=WIDTH,
        sample_size=side,
    )
    pipeline = diffusers.SanaPipeline(
        tokenizer=gemma_tokenizer(),
        text_encoder=gemma(),
        vae=autoencoder,
        transformer=transformer,
        scheduler=diffusers.DPMSolverMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
    )
    return tiny_pipelines.save(pipeline, folder)


def lumina2(folder, side=8):
    torch.manual_seed(9)
    transformer = diffusers.Lumina2Transformer2DModel(
        sample_size=side,
        in_channels=4,
        hidden_size=24,
        num_layers=2,
        num_refiner_layers=1,
        num_attention_heads=2,
        num_kv_heads=1,
        multiple_of=8,
        axes_dim_rope=(4, 4, 4),
        cap_feat_dim=WIDTH,
    )
    pipeline = diffusers.Lumina2Pipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=6.0),
        vae=tiny_pipelines.vae(side, shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=gemma(),
        tokenizer=gemma_tokenizer(),
    )
    return tiny_pipelines.save(pipeline, folder)
