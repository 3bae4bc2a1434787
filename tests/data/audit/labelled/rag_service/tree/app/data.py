from datasets import load_dataset

CORPUS = load_dataset("HuggingFaceFW/fineweb-edu", "sample-10BT")
QA = load_dataset(path="microsoft/ms_marco", name="v2.1")
