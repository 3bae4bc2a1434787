const OpenAI = require("openai");

const BASE = process.env.LLM_BASE_URL;
const client = new OpenAI({ baseURL: BASE, apiKey: "none" });

async function reply(messages) {
  return client.chat.completions.create({ model: process.env.LLM_MODEL || "gpt-4o-mini", messages });
}

module.exports = { reply };
