import { BaseNode, Field } from '../base'

export class OwnServerEmbeddings extends BaseNode {
  fields: Field[] = [
    { label: 'Base Path', name: 'basePath', placeholder: 'http://localhost:8080/v1' },
    { label: 'Model Name', name: 'modelName', placeholder: 'text-embedding-ada-002' }
  ]
}

export class OllamaChat extends BaseNode {
  fields: Field[] = [
    { label: 'Base URL', name: 'baseUrl', default: 'http://localhost:11434' },
    { label: 'Model Name', name: 'modelName', placeholder: 'llama3.2' },
    { label: 'Keep Alive', name: 'keepAlive', default: '5m' }
  ]
}
