import os

from openai import OpenAI

proxy = OpenAI(base_url=os.environ["PROXY_URL"], api_key=os.environ["PROXY_KEY"])
openai = OpenAI()


def plan(messages):
    return proxy.chat.completions.create(model="gpt-4.1", messages=messages)


def transcribe(audio):
    return openai.audio.transcriptions.create(model="whisper-1", file=audio)


def second(messages):
    return openai.chat.completions.create(model="gpt-4.1", messages=messages)
