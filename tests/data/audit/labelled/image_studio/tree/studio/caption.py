import open_clip
import timm
from transformers import BlipForConditionalGeneration, BlipProcessor
from ultralytics import YOLO

MODELS = {"blip": ("Salesforce/blip-image-captioning-large", 384)}


def blip():
    name, size = MODELS["blip"]
    return BlipProcessor.from_pretrained(name), BlipForConditionalGeneration.from_pretrained(name)


def score():
    model, _, preprocess = open_clip.create_model_and_transforms(
        "ViT-H-14",
        pretrained="laion2b_s32b_b79k",
    )
    return model, timm.create_model("vit_base_patch16_224.augreg_in21k", pretrained=True)


def boxes():
    return YOLO("yolov8x-seg.pt")
