import argparse

from app.llm import make


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--judge-model", default="gpt-4.1", help="who grades the answers")
    parser.add_argument("--provider", choices=["openai", "anthropic", "azure", "ollama"], default="openai")
    parser.add_argument("--dataset", default="rajpurkar/squad_v2")
    parser.add_argument("--output", default="results/run-1")
    args = parser.parse_args()
    print(make(args.provider), args.judge_model)


if __name__ == "__main__":
    main()
