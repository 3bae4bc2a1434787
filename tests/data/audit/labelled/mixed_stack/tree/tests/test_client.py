from openai import OpenAI

from server.tokens import Tokens

client = OpenAI()


def test_names():
    Tokens(model_name="ancestor/thing")
    client.chat.completions.create(model="custom-model", messages=[])
    client.chat.completions.create(model="gpt-4o", messages=[])
