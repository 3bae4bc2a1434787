<?php

namespace App;

enum Voices: string
{
    case Alto = 'tts-1';
}

class Assistant
{
    public const FALLBACK = 'claude-3-haiku-20240307';

    public function __construct(public string $model = 'gpt-4o-mini')
    {
    }

    public function ask($client, string $question)
    {
        $answer = $client->chat()->create([
            'model' => 'gpt-4',
            'messages' => [],
        ]);
        $config = new OllamaConfig();
        $config->model = 'llama3.1';
        $name = env('OPENAI_EMBEDDING_MODEL', 'text-embedding-ada-002');
        $text = Prism::text()->using('mistral', 'mistral-small-latest');
        if ($this->model === 'gpt-4-32k') {
            return null;
        }
        return $answer;
    }

    public function getModelName(): string
    {
        return 'text-embedding-3-small';
    }
}
