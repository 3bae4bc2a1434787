"""Pictures found by words."""

import clip


def load(clip_model="ViT-B/32", device="cpu"):
    if clip_model == "ViT-L/14":
        return clip.load(clip_model, device=device), 768
    if clip_model == "open_clip:ViT-H-14":
        return other(clip_model), 1024
    return clip.load(clip_model, device=device), 512


def other(name):
    raise ValueError(f"no backend for {name}")
