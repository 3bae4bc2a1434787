import pytest

from app.llm import make


@pytest.mark.parametrize(
    "model,tokens",
    [("gpt-4o", 128000), ("gpt-4o-mini", 128000), ("claude-3-opus-20240229", 200000)],
)
def test_context(model, tokens):
    assert make("openai").context(model) == tokens


def test_headers(client):
    assert client.get("/x").headers["content-type"] == "text/html"
