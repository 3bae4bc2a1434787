from dataclasses import dataclass, field
from typing import Optional

from transformers import AutoModelForCausalLM, AutoTokenizer, HfArgumentParser, TrainingArguments


@dataclass
class ModelArguments:
    model_name_or_path: str = field(default="mistralai/Mistral-7B-v0.3", metadata={"help": "checkpoint to start from"})
    reward: Optional[str] = field(default="OpenAssistant/reward-model-deberta-v3-large-v2")
    attn: str = "flash_attention_2"


@dataclass
class DataArguments:
    dataset_name: str = field(default="timdettmers/openassistant-guanaco")
    text_column: str = "text"


def main():
    parser = HfArgumentParser((ModelArguments, DataArguments, TrainingArguments))
    model_args, data_args, training_args = parser.parse_args_into_dataclasses()
    model = AutoModelForCausalLM.from_pretrained(model_args.model_name_or_path)
    tokenizer = AutoTokenizer.from_pretrained(model_args.model_name_or_path, padding_side="left")
    judge = AutoModelForCausalLM.from_pretrained(model_args.reward)
    return model, tokenizer, judge, data_args, training_args
