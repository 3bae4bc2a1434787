from pyannote.audio import Pipeline

DIARIZER = "pyannote/speaker-diarization-3.1"


class Diarizer:
    def __init__(self, model_name=DIARIZER, token=None):
        self.pipeline = Pipeline.from_pretrained(model_name, use_auth_token=token)
