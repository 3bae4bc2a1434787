from smolagents import CodeAgent, HfApiModel, LiteLLMModel, ToolCallingAgent
from haystack.components.embedders import SentenceTransformersTextEmbedder
from haystack.components.generators import OpenAIGenerator, HuggingFaceLocalGenerator
from sentence_transformers import CrossEncoder
from TTS.api import TTS
import easyocr
import fasttext

coder = CodeAgent(tools=[], model=HfApiModel("Qwen/Qwen2.5-Coder-7B-Instruct"))
caller = ToolCallingAgent(tools=[], model=LiteLLMModel(model_id="gemini/gemini-2.0-flash-exp"))
embedder = SentenceTransformersTextEmbedder(model="thenlper/gte-large")
writer = OpenAIGenerator(model="gpt-4-1106-preview", api_base_url="https://api.openai.com/v1")
local = HuggingFaceLocalGenerator(model="google/flan-t5-large", task="text2text-generation")
voice = TTS("tts_models/multilingual/multi-dataset/xtts_v2")
language = fasttext.load_model("lid.176.ftz")
reader = easyocr.Reader(["en", "de"])

TEMPLATE = """
model: gpt-4
temperature: 0
"""


def rank(pairs, name="BAAI/bge-reranker-v2-m3"):
    return CrossEncoder(name).predict(pairs)
