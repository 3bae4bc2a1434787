import torch

BASE = "https://files.foldwork.org/models"


def fetch(name):
    url = f"{BASE}/{name}.pt"
    return torch.hub.load_state_dict_from_url(url)


def small():
    return fetch("fold2_t6_8M_D")


def large():
    return fetch("fold2_t33_650M_D")


def placeholder():
    return torch.hub.load_state_dict_from_url("http://example.com/weights_v1.pt")
