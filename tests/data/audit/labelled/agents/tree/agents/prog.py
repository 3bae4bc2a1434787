import dspy
import instructor
from google import genai
from pydantic_ai import Agent

lm = dspy.LM("openai/gpt-4o-mini", max_tokens=500)
small = dspy.LM("ollama_chat/llama3.2:1b", api_base="http://localhost:11434")
agent = Agent("google-gla:gemini-1.5-flash", system_prompt="short")
client = instructor.from_provider("anthropic/claude-3-7-sonnet-latest")
reply = genai.Client().models.generate_content(model="gemini-2.0-flash-001", contents="hi")
