from torch.hub import download_url_to_file, load_state_dict_from_url

FILES = [
    ("upscale", "https://huggingface.co/ai-forever/Real-ESRGAN/resolve/main/RealESRGAN_x4.pth"),
    ("face", "https://github.com/TencentARC/GFPGAN/releases/download/v1.3.0/GFPGANv1.4.pth"),
]
SAM = "https://dl.fbaipublicfiles.com/segment_anything/sam_vit_h_4b8939.pth"
LOGO = "https://huggingface.co/front/assets/huggingface_logo.svg"
DATA = "https://huggingface.co/datasets/acme/pictures/resolve/main/a.zip"


def fetch(folder):
    for kind, url in FILES:
        download_url_to_file(url, f"{folder}/{kind}.pth")
    return load_state_dict_from_url(SAM)
