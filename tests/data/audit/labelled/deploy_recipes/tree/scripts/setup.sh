#!/usr/bin/env bash
# Prepares a machine: settings, weights, servers.
set -eu

MODELS="llama3.2:3b qwen2.5-coder:7b"
WHISPER_MODEL=small
mirror="https://huggingface.co/lllyasviel/sd_control_collection"

cat > /etc/chat/.env <<EOF
CHAT_MODEL=${CHAT_MODEL:-gemma3:4b}
EMBED_MODEL=nomic-embed-text:latest
EOF

cat > /etc/chat/config.yaml <<'EOF'
llm:
  provider: openai
  model: gpt-4.1-mini
EOF

CHECKPOINTS=(
    "https://huggingface.co/stabilityai/sdxl-turbo/resolve/main/sd_xl_turbo_1.0_fp16.safetensors"
    #"https://huggingface.co/Lykon/DreamShaper/resolve/main/DreamShaper_8_pruned.safetensors"
)

for checkpoint in "${CHECKPOINTS[@]}"; do
    wget -nc -P /models "$checkpoint"
done
for model in $MODELS; do
    ollama pull "$model"
done
wget "https://huggingface.co/city96/FLUX.1-schnell-gguf/resolve/main/flux1-schnell-${QUANT}.gguf"

check "http://$HOST:8000/v1/chat/completions" '{"model": "ibm-granite/granite-3.1-8b-instruct", "messages": []}'

kubectl apply -f - <<EOF
kind: Assistant
spec:
  baseUrl: http://localai.tools.svc.cluster.local:8080/v1
  model: gpt-4o
EOF
