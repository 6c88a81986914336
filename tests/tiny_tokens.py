"""Small models of image tokens with random weights, of the same classes as the real ones."""

import torch
from diffusers import AmusedPipeline, AmusedScheduler, UVit2DModel, VQModel
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    JanusConfig,
    JanusForConditionalGeneration,
    JanusImageProcessor,
    JanusProcessor,
    PreTrainedTokenizerFast,
)

import tiny_pipelines

CODES, SIDE, WIDTH = 24, 4, 16  # different tokens, tokens along a side, channels
BOS, EOS, PAD = "<bos>", "<eos>", "<pad>"
IMAGE, BEGIN, END = "<image_placeholder>", "<begin_of_image>", "<end_of_image>"
WORDS = ["A", "bad", "photo", "of", "a", "cat", "dog", "truck", "<", "|", ">", "User", "Assistant", ":", ">:"]
# What Janus' own comes to for one message of one text.
TEMPLATE = (
    "{% for message in messages %}<|User|>: {{ message['content'][0]['text'] }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}<|Assistant|>:{% endif %}"
)


def janus_tokenizer():
    """One token a word; `fire` is unknown and so is `engine`, which makes their prompts longer, not different."""
    vocabulary = {word: number for number, word in enumerate([PAD, BOS, EOS, "<unk>", IMAGE, BEGIN, END, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, vocabulary[BOS])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        unk_token="<unk>",
        extra_special_tokens={"image_token": IMAGE, "boi_token": BEGIN, "eoi_token": END},
    )


def janus(folder, template=TEMPLATE, **settings):
    """Save a Janus model with its processor (16 tokens for 16 x 16 pixels) and return its folder."""
    torch.manual_seed(0)
    words = janus_tokenizer()
    config = JanusConfig(
        text_config={
            "model_type": "llama",
            "vocab_size": len(words),
            "hidden_size": WIDTH,
            "intermediate_size": 2 * WIDTH,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 64,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "pad_token_id": 0,
        },
        vision_config={
            "hidden_size": WIDTH,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 16,
            "patch_size": 16 // SIDE,
            "projection_dim": WIDTH,
            "num_image_tokens": SIDE**2,
        },
        vq_config={
            "embed_dim": 4,
            "num_embeddings": CODES,
            "latent_channels": 8,
            "base_channels": 32,
            "channel_multiplier": [1, 1, 1],
            "num_res_blocks": 1,
            "projection_dim": WIDTH,
            "image_token_embed_dim": WIDTH,
        },
        image_token_id=4,
        tie_word_embeddings=False,
    )
    network = JanusForConditionalGeneration(config)
    spread(network.model.language_model, network.model.generation_head, network.model.generation_aligner)
    torch.nn.init.normal_(network.model.generation_embeddings.weight)
    vq = network.model.vqmodel
    # Codes of different lengths, so that the nearest in direction is not always the nearest.
    lengths = torch.linspace(0.2, 2, CODES)[:, None]
    vq.quantize.embedding.weight.data = lengths * some_codes(lambda images: vq.quant_conv(vq.encoder(images)), 16)
    network.save_pretrained(folder, **settings)
    size = {"height": 16, "width": 16}
    pictures = JanusImageProcessor(size=size, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    JanusProcessor(pictures, words, chat_template=template).save_pretrained(folder)
    return folder


def amused(folder, downsample=False, **settings):
    """Save an aMUSEd pipeline (16 tokens for 8 x 8 pixels) and return its folder."""
    torch.manual_seed(1)
    words = tiny_pipelines.tokenizer()
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=3,
        num_attention_heads=2,
        projection_dim=12,
        max_position_embeddings=12,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    vqvae = VQModel(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        num_vq_embeddings=CODES,
        mid_block_add_attention=False,
        lookup_from_codebook=True,
        force_upcast=True,
    )
    vqvae.quantize.embedding.weight.data = some_codes(lambda images: vqvae.encode(images).latents, 8)
    transformer = UVit2DModel(
        hidden_size=WIDTH,
        cond_embed_dim=12,
        micro_cond_encode_dim=4,
        micro_cond_embed_dim=20,
        encoder_hidden_size=WIDTH,
        vocab_size=CODES + 8,
        codebook_size=CODES,
        in_channels=8,
        block_out_channels=8,
        num_res_blocks=1,
        downsample=downsample,
        upsample=downsample,
        block_num_heads=2,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=2 * WIDTH,
        sample_size=SIDE,
    )
    encoder = CLIPTextModelWithProjection(text)
    spread(transformer.mlm_layer, encoder)
    pipeline = AmusedPipeline(
        vqvae=vqvae,
        tokenizer=words,
        text_encoder=encoder,
        transformer=transformer,
        scheduler=AmusedScheduler(mask_token_id=CODES + 7),
    )
    pipeline.save_pretrained(folder, safe_serialization=True, **settings)
    return folder


@torch.no_grad()
def some_codes(encode, side):
    """What patches of random images are encoded as, so that images consist of many different tokens."""
    latents = encode(torch.rand(2 * CODES, 3, side, side))
    return latents.permute(0, 2, 3, 1).flatten(0, 2)[:: SIDE**2 + 1][:CODES].clone()


@torch.no_grad()
def spread(*modules):
    """Larger weights than networks begin training with, so that prompts and tokens make a difference."""
    for module in modules:
        for weight in module.parameters():
            if weight.ndim > 1:
                weight.mul_(3 / (weight.std() * weight[0].numel() ** 0.5))
