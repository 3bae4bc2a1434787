from anthropic import Anthropic
from openai import OpenAI

from worker.config import Config

config = Config()
chat = OpenAI(base_url=config.base_url, api_key="none")
embedder = OpenAI(base_url=config.embed_url, api_key="none")
claude = Anthropic()


def run(text):
    vector = embedder.embeddings.create(model="text-embedding-ada-002", input=text)
    reply = chat.chat.completions.create(model=config.model, messages=[{"role": "user", "content": text}])
    check = claude.messages.create(model="claude-3-5-haiku-20241022", max_tokens=10, messages=[])
    return vector, reply, check
