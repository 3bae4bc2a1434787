import { AutoModelForSequenceClassification, AutoTokenizer, env, pipeline } from "@huggingface/transformers";

env.allowLocalModels = false;

const RERANKER = "mixedbread-ai/mxbai-rerank-xsmall-v1";
let extractor;

export async function load(progress) {
  extractor ??= await pipeline("feature-extraction", "Xenova/bge-small-en-v1.5", {
    dtype: "q8",
    progress_callback: progress,
  });
  const tokenizer = await AutoTokenizer.from_pretrained(RERANKER);
  const model = await AutoModelForSequenceClassification.from_pretrained(RERANKER, { device: "webgpu" });
  return { tokenizer, model };
}

self.addEventListener("message", async ({ data }) => {
  if (data.type === "transcribe") {
    const speech = await pipeline("automatic-speech-recognition", data.model ?? "onnx-community/whisper-base");
    self.postMessage(await speech(data.audio));
  }
});
