import subprocess

import requests

SEARCH = '''
import requests

def search(text):
    body = {
        "model": "llama-3.1-sonar-small-128k-online",
        "messages": [{"role": "user", "content": text}],
    }
    return requests.post("https://api.perplexity.ai/chat/completions", json=body)
'''


def choose():
    for model in ["llama3.1", "codestral"]:
        subprocess.run(["ollama", "pull", model], check=True)
        agent.llm.model = f"ollama/{model}"


def tag(agent):
    agent.model = "gpt-4o"
    agent.model = agent.model + ":latest"


def ask(text):
    body = {"model": "quillchat-2.1", "messages": [{"role": "user", "content": text}]}
    return requests.post("https://models.quill.example.net/v1", json=body)
