import { createAnthropic } from "@ai-sdk/anthropic";
import OpenAI from "openai";

// moved away from https://api.openai.com in March
export const router = new OpenAI({
  baseURL: "https://openrouter.ai/api/v1",
  apiKey: process.env.OPENROUTER_API_KEY,
});

export const anthropic = createAnthropic({ apiKey: process.env.ANTHROPIC_API_KEY });
