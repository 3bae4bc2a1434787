from huggingface_hub import hf_hub_download

PARTS = {
    "text_small": {"repo_id": "suno/bark-small", "file_name": "text.pt"},
    "text": {"repo_id": "suno/bark", "file_name": "text_2.pt"},
}
MODEL_PREFIXES = ["gpt-5", "gemini-3"]


def fetch(name):
    part = PARTS[name]
    return hf_hub_download(part["repo_id"], part["file_name"])


def encoder(folder):
    hf_hub_download(repo_id="comfyanonymous/flux_text_encoders", filename="t5xxl_fp16.safetensors")
    return f"{folder}/clip/t5xxl_fp16.safetensors", "clip/t5xxl_fp16.safetensors"
