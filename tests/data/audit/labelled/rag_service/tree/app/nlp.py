from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from app.constants import NER, SUMMARY, ZERO_SHOT

summarizer = pipeline("summarization", model=SUMMARY)
classifier = pipeline("zero-shot-classification", ZERO_SHOT)
tokenizer = AutoTokenizer.from_pretrained(NER)
tagger = AutoModelForTokenClassification.from_pretrained(NER)


def sentiment(text: str):
    """Positive or negative.

    Same as ``pipeline("sentiment-analysis")`` of the documentation.
    """
    model_name = "distilbert-base-uncased-finetuned-sst-2-english"
    return pipeline("sentiment-analysis", model=model_name)(text)
