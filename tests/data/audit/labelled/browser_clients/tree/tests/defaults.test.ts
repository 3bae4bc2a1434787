import { expect, test } from 'vitest'
import { contextOf } from '../src/engine/catalogue'
import { getTTSModel } from '../src/engine/defaults'

test('speech has a default', async () => {
  expect(await getTTSModel()).toBe('gpt-4o-mini-tts')
  expect(contextOf('some-model')).toBe(32_000)
})
