import torchaudio
from transformers import Wav2Vec2ForCTC, Wav2Vec2Processor

TORCH = {
    "en": "WAV2VEC2_ASR_BASE_960H",
    "fr": "VOXPOPULI_ASR_BASE_10K_FR",
}
HF = {
    "ja": "jonatasgrosman/wav2vec2-large-xlsr-53-japanese",
    "uk": "Yehor/wav2vec2-xls-r-300m-uk-with-small-lm",
    "ca": "softcatala/wav2vec2-large-xlsr-catala",
}


def load_align_model(language, model_name=None):
    if model_name is None:
        if language in TORCH:
            model_name = TORCH[language]
        elif language in HF:
            model_name = HF[language]
        else:
            raise ValueError(f"no default aligner for {language}")
    if model_name in torchaudio.pipelines.__all__:
        bundle = torchaudio.pipelines.__dict__[model_name]
        return bundle.get_model()
    return Wav2Vec2ForCTC.from_pretrained(model_name), Wav2Vec2Processor.from_pretrained(model_name)


def fallback():
    return torchaudio.pipelines.MMS_FA.get_model()
