#!/bin/bash
export OPENAI_BASE_URL=http://localhost:8080/v1
python scripts/bench.py --model gpt-3.5-turbo
curl -s http://localhost:11434/v1/chat/completions -d '{"model": "gpt-4o-mini", "messages": []}'
curl -s https://api.openai.com/v1/chat/completions -d '{"model": "gpt-4o-mini", "messages": []}'
