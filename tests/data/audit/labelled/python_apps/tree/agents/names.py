from enum import Enum

TOKENS = {
    "quillworks/tri-base-marco": ["yes", "no"],
    "quillworks/tri-large-marco": ["yes", "no"],
}
hosted_models = ["quill-llama13b-v2-chat"]


class ModelType(Enum):
    GPT_4O = "gpt-4o"
    HAIKU = "claude-3-haiku-20240307"
    ODD = "quillchat-flash-250414"
    SMALL = "qwen/qwen-2.5-7b-instruct"
    STUB = "stub"


def tokens(model_name):
    return TOKENS[model_name]
