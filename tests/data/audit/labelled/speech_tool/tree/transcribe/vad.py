import hashlib
import os
import urllib.request

import torch

VAD_URL = "https://example-weights.s3.eu-west-2.amazonaws.com/vad/0b5b3216d60a2d32fc086b47ea8c67589aaeb26b7e07fcbe620d6d0b83e209ea/pytorch_model.bin"


def load_vad():
    model, utils = torch.hub.load(repo_or_dir="snakers4/silero-vad", model="silero_vad")
    return model, utils


def denoiser(folder):
    address = "https://dl.fbaipublicfiles.com/adiyoss/denoiser/dns64-a7761ff99a7d5bb6.th"
    path = os.path.join(folder, "dns64.th")
    urllib.request.urlretrieve(address, path)
    return torch.load(path)


def punctuate():
    from deepmultilingualpunctuation import PunctuationModel
    return PunctuationModel(model="kredor/punctuate-all")
