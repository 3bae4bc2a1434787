import subprocess
import os
from functools import partial
from transformers import AutoModel

load_base = partial(AutoModel.from_pretrained, "roberta-large")
OPTIONS = dict(pretrained_model_name_or_path="google/flan-t5-xl", device_map="auto")


def run():
    subprocess.run(["ollama", "pull", "phi3:mini"], check=True)
    subprocess.check_call(["huggingface-cli", "download", "bartowski/gemma-2-9b-it-GGUF"])
    os.system("vllm serve Qwen/Qwen2.5-Coder-32B-Instruct --served-model-name gpt-4")
    return AutoModel.from_pretrained(**OPTIONS)
