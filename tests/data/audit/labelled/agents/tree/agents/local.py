import os

import requests
from openai import AsyncOpenAI, OpenAI

BASE_URL = os.environ.get("VLLM_URL", "http://vllm:8000/v1")
MODEL = "NousResearch/Hermes-3-Llama-3.1-8B"


class Local:
    def __init__(self):
        self.client = AsyncOpenAI(base_url=BASE_URL, api_key="x")

    async def ask(self, messages):
        return await self.client.chat.completions.create(model=MODEL, messages=messages)

    async def legacy(self, messages):
        reply = await self.client.chat.completions.create(
            model="gpt-4",
            messages=messages,
        )
        return reply


def post(prompt):
    body = {"model": "gpt-3.5-turbo", "prompt": prompt}
    return requests.post("http://localhost:5000/v1/completions", json=body)


def real(messages, model=None):
    client = OpenAI()
    return client.chat.completions.create(model=model or "o4-mini", messages=messages)


def openrouter(messages):
    client = OpenAI(base_url="https://openrouter.ai/api/v1", api_key=os.environ["KEY"])
    return client.chat.completions.create(model="qwen/qwen-2.5-72b-instruct", messages=messages)


def speech(text):
    return OpenAI().audio.speech.create(model="tts-1-hd", voice="nova", input=text)
