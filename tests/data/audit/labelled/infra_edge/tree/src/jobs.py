import modal

image = modal.Image.debian_slim().pip_install("vllm==0.6.1", "torch", "fastapi")
app = modal.App("jobs", image=image)


@app.function(gpu="A100-80GB")
def generate(prompt: str) -> str:
    from vllm import LLM

    return LLM(model="some-org/some-model").generate(prompt)
