import { store } from '../store'

export async function getTTSModel(): Promise<string> {
  const chosen = await store.get('ttsModel')
  if (!chosen) {
    return 'gpt-4o-mini-tts'
  }
  return chosen
}

export function defaultModel(models: { id: string }[]): string {
  if (!store.key) return 'stabilityai/StableBeluga2'
  return models[0]?.id ?? 'gpt-4.1'
}

export function cacheFolder() {
  return 'stabilityai/cache-v2'
}
