import argparse

from openai import OpenAI

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="gpt-3.5-turbo-instruct")
args = parser.parse_args()
client = OpenAI()
print(client.completions.create(model=args.model, prompt="Hello", max_tokens=64))
