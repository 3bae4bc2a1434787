import tiktoken
from sentence_transformers import SentenceTransformer


class Local:
    def __init__(self):
        self.config = {
            "Model": Setting(
                kind="dropdown",
                value="all-MiniLM-L6-v2",
                values=["all-MiniLM-L6-v2", "all-mpnet-base-v2"],
            ),
        }

    def embed(self, texts):
        return SentenceTransformer(self.config["Model"].value).encode(texts)


class Hosted:
    def get_models(self):
        return ["voyage-2", "voyage-law-2"]

    def tokens(self, text):
        encoding = tiktoken.encoding_for_model("gpt-3.5-turbo")
        return encoding.encode(text)
