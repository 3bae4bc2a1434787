from litellm import Router, completion

router = Router(
    model_list=[
        {
            "model_name": "gpt-4",
            "litellm_params": {"model": "azure/gpt-4-eu", "api_base": "https://acme.openai.azure.com"},
        },
        {
            "model_name": "small",
            "litellm_params": {"model": "bedrock/anthropic.claude-3-haiku-20240307-v1:0"},
        },
    ]
)


def ask(prompt):
    return completion(model="vertex_ai/gemini-1.5-pro", messages=[{"role": "user", "content": prompt}])
