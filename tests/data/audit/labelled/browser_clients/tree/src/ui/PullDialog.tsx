import { Code, Input } from './kit'
import { usePipeline } from '../engine/worker'

export function PullDialog() {
  const embed = usePipeline('feature-extraction', 'Supabase/gte-small')
  return (
    <form onSubmit={() => embed('x')}>
      <p>
        Nothing here yet. Run{' '}
        <Code>ollama pull qwen2.5:3b</Code>
      </p>
      <Input placeholder="deepseek-r1:1.5b" />
      <Input placeholder="Search models" />
    </form>
  )
}
