#!/bin/bash
set -e
ollama pull llama3.1:8b
ollama cp llama3.1:8b gpt-4o-mini
llama-server -hf bartowski/Llama-3.2-3B-Instruct-GGUF --alias gpt-3.5-turbo --port 8080 &
