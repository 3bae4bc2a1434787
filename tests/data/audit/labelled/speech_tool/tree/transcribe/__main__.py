import argparse

from .diarize import DIARIZER
from .run import transcribe


def cli():
    parser = argparse.ArgumentParser(description="words from sound")
    parser.add_argument("audio", nargs="+")
    parser.add_argument("--model", default="large-v2", choices=["tiny", "base.en", "large-v2"])
    parser.add_argument("--align_model", default=None)
    parser.add_argument("--diarize_model", default=DIARIZER)
    parser.add_argument("--compute_type", default="float16", choices=["float16", "int8"])
    args = parser.parse_args().__dict__
    model_name = args.pop("model")
    transcribe(args.pop("audio"), model_name, **args)


cli()
