module example.test/gateway

go 1.23

require (
	github.com/sashabaranov/go-openai v1.36.0
	github.com/tmc/langchaingo v0.1.13
	github.com/openai/openai-go v0.1.0 // indirect
)
