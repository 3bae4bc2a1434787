import spacy
import whisper

nlp = spacy.load("en_core_web_sm")


def old(audio, size="small"):
    # model = whisper.load_model("medium.en")
    model = whisper.load_model(size)
    return model.transcribe(audio)["text"]
