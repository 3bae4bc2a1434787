import OpenAI from "openai";

const speech = new OpenAI({ apiKey: process.env.SPEECH_KEY });

export const read = (input: string) =>
  speech.audio.speech.create({ model: "tts-1", voice: "alloy", input });
