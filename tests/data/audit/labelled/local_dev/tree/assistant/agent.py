import os

from dotenv import load_dotenv
from langchain_cohere import CohereRerank
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

load_dotenv()

llm = ChatOpenAI(
    model_name="gpt-3.5-turbo",
    openai_api_base=os.getenv("OPENAI_API_BASE"),
    openai_api_key=os.getenv("OPENAI_API_KEY"),
)
rerank = CohereRerank(model="rerank-english-v3.0")
embeddings = OpenAIEmbeddings(
    model="text-embedding-3-small", base_url=os.getenv("EMBEDDING_BASE_URL", "https://api.openai.com/v1")
)
