import os

import litellm

print(litellm.completion(model="gpt-4", api_base=os.environ["OPENAI_API_BASE"], messages=[]))
print(litellm.completion(model="claude-3-7-sonnet-20250219", messages=[]))
