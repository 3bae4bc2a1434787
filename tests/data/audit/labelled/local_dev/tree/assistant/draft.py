from openai import OpenAI

from assistant.endpoints import CLOUD_URL, DRAFT_URL

drafts = OpenAI(base_url=DRAFT_URL, api_key="x")
final = OpenAI(base_url=CLOUD_URL)


def draft(prompt):
    return drafts.chat.completions.create(model="gpt-4", messages=prompt)


def polish(prompt):
    return final.chat.completions.create(model="gpt-4.1", messages=prompt)
