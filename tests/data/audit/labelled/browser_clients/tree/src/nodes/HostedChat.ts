import { BaseNode, Field } from '../base'

export class HostedChat extends BaseNode {
  label = 'Hosted chat'
  version = 3
  fields: Field[] = [
    { label: 'Credential', name: 'credential', type: 'secret' },
    {
      label: 'Model Name',
      name: 'modelName',
      type: 'asyncOptions',
      default: 'mistral-small-latest'
    },
    {
      label: 'Custom Model',
      name: 'customModel',
      description: 'Overrides the model above',
      placeholder: 'ministral-8b-latest',
      optional: true
    },
    { label: 'Safety', name: 'safety', default: 'strict-2' }
  ]
}
