from __future__ import annotations

import abc

import anthropic
import google.generativeai as genai
from groq import Groq
from mistralai import Mistral
from openai import AzureOpenAI, OpenAI


class Provider(abc.ABC):
    default_model: str = ""

    def __init__(self, model: str | None = None) -> None:
        self.model = model or self.default_model


class OpenAIProvider(Provider):
    default_model = "gpt-4.1-mini"

    def ask(self, text: str) -> str:
        client = OpenAI()
        return client.responses.create(model=self.model, input=text).output_text


class ClaudeProvider(Provider):
    default_model = "claude-3-7-sonnet-20250219"

    def ask(self, text: str) -> str:
        client = anthropic.Anthropic()
        return client.messages.create(model=self.model, max_tokens=100, messages=[]).content


class GeminiProvider(Provider):
    default_model = "gemini-1.5-flash-002"

    def ask(self, text):
        return genai.GenerativeModel(self.model).generate_content(text).text


class GroqProvider(Provider):
    default_model = "qwen-2.5-32b"

    def ask(self, text):
        return Groq().chat.completions.create(model=self.model, messages=[])


class MistralProvider(Provider):
    def ask(self, text):
        return Mistral().chat.complete(model="open-mistral-nemo", messages=[])


class LMStudio(Provider):
    default_model = "gpt-4o-mini"

    def ask(self, text):
        client = OpenAI(base_url="http://localhost:1234/v1", api_key="lm-studio")
        return client.chat.completions.create(model=self.model, messages=[])


PROVIDERS = {"openai": OpenAIProvider, "claude": ClaudeProvider, "gemini": GeminiProvider}


def transcribe(audio):
    match audio.kind:
        case "short":
            name = "whisper-1"
        case _:
            name = "gpt-4o-transcribe"
    return OpenAI().audio.transcriptions.create(model=name, file=audio)


def deployment():
    return AzureOpenAI(azure_endpoint="https://acme.openai.azure.com", azure_deployment="chat-prod-4o")
