import { createTool } from './tools'

const ALLOWED_PREFIXES = ['gpt-5', 'o3', 'claude-opus-4']
const EXCLUDED_KEYWORDS = ['davinci', 'babbage', 'tts']

export const quick = { id: 'gpt-5.6-vela', provider: 'OpenAI', providerId: 'openai' }
export const local = { id: 'llama3.2:3b', provider: 'Ollama', providerId: 'ollama' }
export const search = createTool('openai:gpt-4o-mini')
export const ask = createTool('google:gemini-2.5-flash')

export function allowed(name: string) {
  return ALLOWED_PREFIXES.some(p => name.startsWith(p)) && !EXCLUDED_KEYWORDS.includes(name)
}

export function explain() {
  console.error('No model with tools. Try:\n' + '  ollama pull qwen3\n')
}
