import os

from openai import OpenAI

client = OpenAI()
MODEL = os.environ.get("JUDGE_MODEL", "gpt-4o")


def grade(question, reply):
    told = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": f"Grade 1-5.\nQ: {question}\nA: {reply}"}],
    )
    return told.choices[0].message.content


def compare(one, other):
    told = client.chat.completions.create(
        model="gpt-3.5-turbo",
        messages=[{"role": "user", "content": f"Same meaning?\n{one}\n{other}"}],
    )
    return told.choices[0].message.content
