import openai


def setup(host="http://127.0.0.1:5001/v1"):
    openai.api_base = host


def ask(text):
    return openai.ChatCompletion.create(model="gpt-3.5-turbo-0613", messages=[{"role": "user", "content": text}])
