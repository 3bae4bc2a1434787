import torch
import triton
import triton.language as tl
from flash_attn import flash_attn_func
from transformers import AutoModelForCausalLM, BitsAndBytesConfig


@triton.jit
def _scale_kernel(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y_ptr + offsets, tl.load(x_ptr + offsets, mask=offsets < n) * 2, mask=offsets < n)


def attend(q, k, v):
    if q.device.type == "cuda":
        return flash_attn_func(q, k, v)
    return torch.nn.functional.scaled_dot_product_attention(q, k, v)


def load(path: str):
    return AutoModelForCausalLM.from_pretrained(
        path,
        device_map="auto",
        attn_implementation="flash_attention_2",
        quantization_config=BitsAndBytesConfig(load_in_4bit=True),
    )
