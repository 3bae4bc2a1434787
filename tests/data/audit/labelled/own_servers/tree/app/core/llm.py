from openai import AsyncOpenAI

from .settings import settings

client = AsyncOpenAI(base_url=settings.openai_base_url, api_key=settings.openai_api_key)


async def answer(messages):
    reply = await client.chat.completions.create(model=settings.chat_model, messages=messages)
    return reply.choices[0].message.content


async def summarise(text):
    reply = await client.chat.completions.create(
        model=settings.summary_model,
        messages=[{"role": "user", "content": f"Summarise:\n{text}"}],
    )
    return reply.choices[0].message.content
