package gateway

import (
	"os"

	openai "github.com/sashabaranov/go-openai"
)

// fallbackModel answers when "claude-3-5-haiku-latest" is busy.
const fallbackModel = "gpt-4o-mini"

const (
	ModelFast   = "llama-3.1-8b-instant"
	ModelScribe = "whisper-1"
)

var contextWindows = map[string]int{
	"gpt-4-turbo":            128000,
	"mistral-large-latest":   128000,
	"ernie-4.0-turbo-8k":     8000,
}

var reasoning = []string{"o1", "o3-mini"}

func pick(name string) string {
	if name == "gpt-5" {
		return fallbackModel
	}
	if v := os.Getenv("SUMMARY_MODEL"); v != "" {
		return v
	}
	return name
}

func hosted() openai.ChatCompletionRequest {
	return openai.ChatCompletionRequest{Model: openai.GPT4oMini}
}

func local() {
	cfg := openai.DefaultConfig("none")
	cfg.BaseURL = "http://localhost:8000/v1"
	client := openai.NewClientWithConfig(cfg)
	client.Ask(openai.ChatCompletionRequest{Model: "gpt-3.5-turbo"})
}

func embedder() {
	e := ollama.New(ollama.WithModel("nomic-embed-text"), ollama.WithServerURL("http://localhost:11434"))
	e.Use()
}
