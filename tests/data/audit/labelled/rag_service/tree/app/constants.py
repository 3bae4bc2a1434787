import os

DEFAULT_TOKENIZER = "cl100k_base"
SUMMARY = "facebook/bart-large-cnn"
ZERO_SHOT = os.environ.get("ZERO_SHOT_CLASSIFIER", "facebook/bart-large-mnli")
ORG = "intfloat"
SIZE = "base"
E5 = f"{ORG}/multilingual-e5-{SIZE}"
NER = "dslim/" + "bert-base-NER"
REPO_URL = "https://github.com/acme/rag-service"
TIMEZONE = "Europe/Berlin"
