import autogen

config_list = [
    {"model": "gpt-4-0125-preview", "api_key": "..."},
    {"model": "gpt-3.5-turbo-16k", "base_url": "http://127.0.0.1:1234/v1", "api_key": "not-needed"},
    {"model": "mistralai/Mixtral-8x7B-Instruct-v0.1", "base_url": "https://api.together.xyz/v1"},
]
assistant = autogen.AssistantAgent("helper", llm_config={"config_list": config_list, "cache_seed": 42})
