import { anthropic } from "@ai-sdk/anthropic";
import { createOpenAI, openai } from "@ai-sdk/openai";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { customProvider, extractReasoningMiddleware, wrapLanguageModel } from "ai";

const groq = createOpenAI({
  baseURL: "https://api.groq.com/openai/v1",
  apiKey: process.env.GROQ_API_KEY,
});

// LM Studio answers to any name
const studio = createOpenAI({ baseURL: "http://127.0.0.1:1234/v1", apiKey: "none" });
const openrouter = createOpenRouter({ apiKey: process.env.OPENROUTER_API_KEY });

export interface ChatModel {
  id: string;
  label: string;
  context: number;
}

export const DEFAULT_MODEL_ID = "gpt-4o-mini";

export const CHAT_MODELS: ChatModel[] = [
  { id: "gpt-4o-mini", label: "GPT-4o mini", context: 128_000 },
  { id: "claude-3-5-haiku-latest", label: "Claude 3.5 Haiku", context: 200_000 },
  { id: "llama-3.3-70b-versatile", label: "Llama 3.3 (Groq)", context: 32_768 },
  { id: "deepseek/deepseek-r1:free", label: "DeepSeek R1", context: 64_000 },
];

export const provider = customProvider({
  languageModels: {
    title: openai("gpt-4.1-nano"),
    writer: anthropic("claude-sonnet-4-20250514"),
    fast: groq("llama-3.1-8b-instant"),
    local: studio("gpt-3.5-turbo"),
    reasoning: wrapLanguageModel({
      model: openrouter.chat("qwen/qwen3-235b-a22b"),
      middleware: extractReasoningMiddleware({ tagName: "think" }),
    }),
  },
  imageModels: { cover: openai.image("gpt-image-1") },
});

export function isReasoning(id: string): boolean {
  return id.startsWith("o1") || id.includes("deepseek");
}
