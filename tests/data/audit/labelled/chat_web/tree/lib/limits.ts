import { z } from "zod";

export enum Tier {
  Free = "free",
  Pro = "pro",
}

export const RATE_LIMITS: Record<string, number> = {
  "gpt-4o": 20,
  "claude-3-opus-20240229": 5,
};

export type EmbeddingModel = "text-embedding-3-small" | "text-embedding-3-large";

export const settings = z.object({
  tier: z.nativeEnum(Tier).default(Tier.Free),
  model: z.enum(["gemini-2.0-flash", "gemini-1.5-pro"]).default("gemini-2.0-flash"),
  contentType: z.string().default("text/plain"),
});

export async function embed(input: string[], model: EmbeddingModel = "text-embedding-3-small") {
  const response = await fetch("https://api.openai.com/v1/embeddings", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ input, model }),
  });
  return response.json();
}
