import onnxruntime as ort
from faster_whisper import WhisperModel


def session(path: str) -> ort.InferenceSession:
    return ort.InferenceSession(
        path, providers=["CUDAExecutionProvider", "CPUExecutionProvider"]
    )


def whisper(device: str = "cuda") -> WhisperModel:
    return WhisperModel("large-v3", device=device, compute_type="float16")


def pinned() -> WhisperModel:
    return WhisperModel("large-v3", device="cuda")
