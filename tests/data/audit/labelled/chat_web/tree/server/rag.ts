import { ChatOllama, OllamaEmbeddings } from "@langchain/ollama";
import { ChatOpenAI } from "@langchain/openai";
import OpenAI from "openai";
import { QdrantClient } from "@qdrant/js-client-rest";

const OLLAMA = process.env.OLLAMA_URL ?? "http://localhost:11434";

export const chat = new ChatOllama({ baseUrl: OLLAMA, model: process.env.CHAT_MODEL || "qwen2.5:7b" });
export const embeddings = new OllamaEmbeddings({ baseUrl: OLLAMA, model: "nomic-embed-text" });

export const judge = new ChatOpenAI({
  model: "gpt-4o",
  temperature: 0,
});

export const legacy = new ChatOpenAI({
  modelName: "gpt-3.5-turbo",
  configuration: { baseURL: "http://vllm:8000/v1" },
});

const client = new OpenAI();

export async function speak(text: string) {
  return client.audio.speech.create({ model: "tts-1", voice: "alloy", input: text });
}

export const qdrant = new QdrantClient({ url: "http://localhost:6333" });
