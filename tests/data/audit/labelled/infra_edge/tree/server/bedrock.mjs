import { BedrockRuntimeClient, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import Groq from "groq-sdk";

const client = new BedrockRuntimeClient({ region: "us-west-2" });
const groq = new Groq({ apiKey: process.env.GROQ_API_KEY });
export const send = (body) => client.send(new InvokeModelCommand({ body }));
