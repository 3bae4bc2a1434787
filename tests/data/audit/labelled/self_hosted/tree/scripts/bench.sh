#!/usr/bin/env bash
set -euo pipefail
BASE=${BASE:-http://localhost:8000}
MODELS=("Qwen/Qwen2.5-1.5B-Instruct" "HuggingFaceTB/SmolLM2-1.7B-Instruct")
for m in "${MODELS[@]}"; do
  huggingface-cli download "$m" --quiet
  lm_eval --model hf --model_args "pretrained=$m,dtype=bfloat16" --tasks hellaswag
done
lm_eval --model hf --model_args pretrained=EleutherAI/pythia-160m,revision=step1000 --tasks piqa
curl -s "$BASE/v1/chat/completions" -d '{"model": "gpt-4", "messages": []}'
git clone --depth 1 https://github.com/vllm-project/vllm
echo "done with gpt-4"
