from whisper_wire.client import Stream


def listen(host, model="small"):
    return Stream(host, 9090, model=model, lang="en")
