"""Small pipelines with random weights, shaped like the real ones."""

import diffusers
import torch
import transformers

from generative_classifiers.models.diffusion.pipelines import PixelDiffusionPipeline
from generative_classifiers.study.categories import CATEGORIES

torch.set_num_threads(1)  # networks so small lose more by threads than they gain

BOS, EOS, WIDTH = "<|startoftext|>", "<|endoftext|>", 16


def tokenizer(words=("a", "bad", "photo", "of", *CATEGORIES)):
    """One token a word: every prefix of every word is a merge."""
    vocabulary, merges = {BOS: 0, EOS: 1}, []
    for letter in sorted({letter for word in words for letter in word}):
        vocabulary |= {letter: len(vocabulary)}
        vocabulary |= {letter + "</w>": len(vocabulary)}
    for word in words:
        pieces = [*word[:-1], word[-1] + "</w>"]
        for place in range(1, len(pieces)):
            head = "".join(pieces[:place])
            if (head, pieces[place]) not in merges:
                merges.append((head, pieces[place]))
            vocabulary.setdefault(head + pieces[place], len(vocabulary))
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=12, pad_token=EOS)


def t5_tokenizer(words=("a", "bad", "photo", "of", *CATEGORIES)):
    """One token a word, in upper or lower case."""
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    return transformers.T5Tokenizer(vocab=special + [(f"▁{word}", -1.0) for word in (*words, "A")], extra_ids=0)


def t5_encoder(words, width=WIDTH):
    """T5's encoder, of two layers."""
    sizes = {"d_model": width, "d_ff": 2 * width, "d_kv": 8, "num_layers": 2, "num_heads": 2}
    return transformers.T5EncoderModel(transformers.T5Config(vocab_size=words, feed_forward_proj="gated-gelu", **sizes))


def text_encoder(words, cls=transformers.CLIPTextModel, **settings):
    """Text transformer of two layers for a tokenizer of so many words."""
    config = transformers.CLIPTextConfig(
        vocab_size=words,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=12,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        projection_dim=WIDTH,
        **settings,
    )
    return cls(config)


def vae(side, channels=4, **settings):
    """Variational autoencoder of factor 2."""
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=2 * side,
        **{"scaling_factor": 0.5, **settings},
    )


def unet(channels, side, **settings):
    """Network with two resolutions and cross-attention in the lower one."""
    usual = {
        "sample_size": side,
        "in_channels": channels,
        "out_channels": channels,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "cross_attention_dim": WIDTH,
        "attention_head_dim": 4,
        "norm_num_groups": 4,
    }
    return diffusers.UNet2DConditionModel(**usual | settings)


def scheduler(prediction_type):
    """Stable Diffusion's noise schedule."""
    return diffusers.DDIMScheduler(
        prediction_type=prediction_type,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def stable_diffusion(folder, prediction_type="epsilon", side=8, **settings):
    """Save a latent pipeline (factor 2, so that its images are 2 * side wide) and return its folder."""
    torch.manual_seed(0)
    words = tokenizer()
    pipeline = diffusers.StableDiffusionPipeline(
        vae=vae(side),
        text_encoder=text_encoder(len(words)),
        tokenizer=words,
        unet=unet(4, side),
        scheduler=scheduler(prediction_type),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True, **settings)
    return folder


def pixel_diffusion(folder, prediction_type="v_prediction", side=8):
    """Save a pixel pipeline (blocks of 2, so that its images are 2 * side wide) and return its folder."""
    torch.manual_seed(1)
    words = tokenizer()
    pipeline = PixelDiffusionPipeline(
        unet=unet(12, side),
        text_encoder=text_encoder(len(words)),
        tokenizer=words,
        scheduler=diffusers.DDPMScheduler(prediction_type=prediction_type, beta_schedule="squaredcos_cap_v2"),
        pixel_unshuffle=2,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def save(pipeline, folder):
    """Save a pipeline none of whose weights is zero or one, which would hide time or prompt; return its folder."""
    for part in pipeline.components.values():
        for weight in part.parameters() if isinstance(part, torch.nn.Module) else ():
            weight.data += 0.1 * torch.randn_like(weight)
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def stable_diffusion_xl(folder, side=8):
    torch.manual_seed(2)
    words = tokenizer()
    network = unet(
        4,
        side,
        cross_attention_dim=2 * WIDTH,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + WIDTH,
    )
    pipeline = diffusers.StableDiffusionXLPipeline(
        vae=vae(side),
        text_encoder=text_encoder(len(words)),
        text_encoder_2=text_encoder(len(words), transformers.CLIPTextModelWithProjection, hidden_act="gelu"),
        tokenizer=words,
        tokenizer_2=tokenizer(),
        unet=network,
        scheduler=diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012),
        add_watermarker=False,
    )
    return save(pipeline, folder)


def stable_diffusion_3(folder, side=8):
    torch.manual_seed(3)
    words, pieces = tokenizer(), t5_tokenizer()
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=side,
        patch_size=2,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=3 * WIDTH,
        caption_projection_dim=16,
        pooled_projection_dim=2 * WIDTH,
        pos_embed_max_size=side,
        qk_norm="rms_norm",
    )
    pipeline = diffusers.StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=vae(side, shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=text_encoder(len(words), transformers.CLIPTextModelWithProjection),
        tokenizer=words,
        text_encoder_2=text_encoder(len(words), transformers.CLIPTextModelWithProjection, hidden_act="gelu"),
        tokenizer_2=tokenizer(),
        text_encoder_3=t5_encoder(len(pieces), 3 * WIDTH),
        tokenizer_3=pieces,
    )
    return save(pipeline, folder)


def flux(folder, side=8, guidance=True):
    torch.manual_seed(4)
    words, pieces = tokenizer(), t5_tokenizer()
    transformer = diffusers.FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=WIDTH,
        guidance_embeds=guidance,
        axes_dims_rope=(2, 2, 4),
    )
    pipeline = diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=guidance),
        vae=vae(side, shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=text_encoder(len(words)),
        tokenizer=words,
        text_encoder_2=t5_encoder(len(pieces)),
        tokenizer_2=pieces,
        transformer=transformer,
    )
    return save(pipeline, folder)


def pixart(folder, side=8, sizes=True):
    """Alpha, which is told sizes, or sigma, which is not; both with a variance."""
    torch.manual_seed(5)
    pieces = t5_tokenizer()
    transformer = diffusers.PixArtTransformer2DModel(
        sample_size=side,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=3,
        cross_attention_dim=24,
        caption_channels=WIDTH,
        use_additional_conditions=sizes,
    )
    pipeline = (diffusers.PixArtAlphaPipeline if sizes else diffusers.PixArtSigmaPipeline)(
        tokenizer=pieces,
        text_encoder=t5_encoder(len(pieces)),
        vae=vae(side),
        transformer=transformer,
        scheduler=diffusers.DPMSolverMultistepScheduler(beta_start=0.0001, beta_end=0.02),
    )
    return save(pipeline, folder)


def deepfloyd(folder, side=16):
    torch.manual_seed(6)
    pieces = t5_tokenizer()
    network = unet(
        3,
        side,
        out_channels=6,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        cross_attention_dim=32,
        encoder_hid_dim=WIDTH,
        addition_embed_type="text",
        addition_embed_type_num_heads=2,
        cross_attention_norm="group_norm",
        resnet_time_scale_shift="scale_shift",
        act_fn="gelu",
    )
    pipeline = diffusers.IFPipeline(
        tokenizer=pieces,
        text_encoder=t5_encoder(len(pieces)),
        unet=network,
        scheduler=diffusers.DDPMScheduler(
            beta_schedule="squaredcos_cap_v2", variance_type="learned_range", thresholding=True
        ),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    )
    return save(pipeline, folder)
