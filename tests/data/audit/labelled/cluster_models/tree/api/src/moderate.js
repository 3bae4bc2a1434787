const OpenAI = require("openai");

const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY });

module.exports = {
  moderate: (input) => client.moderations.create({ model: "omni-moderation-latest", input }),
  explain: (messages) => client.chat.completions.create({ model: "gpt-4o-mini", messages }),
};
