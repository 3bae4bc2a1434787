import faster_whisper

from transcribe.align import load_align_model


def load_model(size, device="cpu"):
    return faster_whisper.WhisperModel(size, device=device)


def transcribe(audio, model_name, language="en", align_model=None, **rest):
    model = load_model(model_name)
    aligner = load_align_model(language, model_name=align_model)
    return [aligner(model, item) for item in audio]
