import OpenAI from "openai";

const client = new OpenAI({
  baseURL: process.env.LLM_API_URL,
  apiKey: process.env.LLM_API_KEY ?? "none",
});

export async function suggest(text: string) {
  const reply = await client.chat.completions.create({
    model: "gpt-3.5-turbo",
    messages: [{ role: "user", content: text }],
  });
  return reply.choices[0].message.content;
}
