import { compiledUrl } from './urls'

export const browserModels = [
  {
    model: 'https://huggingface.co/mlc-ai/phi-2-q4f16_1-MLC',
    model_id: 'phi-2-q4f16_1-MLC',
    model_lib: compiledUrl('phi-2-q4f16_1-ctx2k-webgpu.wasm'),
    vram_required_MB: 3053.97
  },
  {
    model: 'https://huggingface.co/mlc-ai/Hermes-3-Llama-3.2-3B-q4f16_1-MLC',
    model_id: 'Hermes-3-Llama-3.2-3B-q4f16_1-MLC',
    model_lib: compiledUrl('Llama-3.2-3B-Instruct-q4f16_1_cs1k-webgpu.wasm'),
    vram_required_MB: 2263.69
  }
  // {
  //   model: 'https://huggingface.co/mlc-ai/gemma-2-2b-it-q4f32_1-MLC',
  //   model_id: 'gemma-2-2b-it-q4f32_1-MLC',
  // }
]

// see https://huggingface.co/NousResearch/Hermes-3-Llama-3.2-3B for the format of tools
export const remoteModels = [
  'claude-3-7-sonnet-20250219',
  'gpt-4.1',
  'grok-3-beta',
  'falcon-next-maverick-2',
  'gemini-2.5-flash',
  'qwen-vl-max'
]

export const usdPerMillion: Record<string, number> = {
  'gpt-4.1': 2,
  'o4-mini': 1.1,
  o3: 2,
  default: 0
}

export const ttsVoices = ['alloy', 'nova', 'shimmer']

export function contextOf(model: string): number {
  if (model === 'gemini-1.5-pro') return 2_000_000
  if (model.startsWith('gpt-4')) return 128_000
  switch (model) {
    case 'codestral-2501':
      return 256_000
    default:
      return 32_000
  }
}
