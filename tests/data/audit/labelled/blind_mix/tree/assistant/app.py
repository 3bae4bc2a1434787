import streamlit as st
from llama_index.core import Settings
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.llms.ollama import Ollama
from llama_index.core.embeddings import resolve_embed_model

CHOICES = {
    "Fast": "llama-3.1-8b-instant",
    "Clever": "deepseek-r1-distill-llama-70b",
    "Mixed": "mixtral-8x7b-32768",
}
choice = st.sidebar.selectbox("Choose a model", list(CHOICES))
page = st.sidebar.selectbox("Page", ["chat/new", "chat/old"])
Settings.llm = Ollama(model="llama3.2", request_timeout=60.0)
Settings.embed_model = HuggingFaceEmbedding(model_name="nomic-ai/nomic-embed-text-v1.5", trust_remote_code=True)
second = resolve_embed_model("local:BAAI/bge-small-en")
st.image("https://huggingface.co/datasets/acme/assets/resolve/main/logo.png")
