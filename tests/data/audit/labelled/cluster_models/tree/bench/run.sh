python -m sglang.launch_server --model-path meta-llama/Llama-3.1-8B-Instruct --served-model-name gpt-3.5-turbo --port 30000 &
OPENAI_API_BASE=http://127.0.0.1:30000/v1 python bench/load.py
