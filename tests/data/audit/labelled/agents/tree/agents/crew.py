from crewai import LLM, Agent, Crew
from agents.models import Model

planner = Agent(role="planner", goal="plan", backstory="...", llm="gpt-4o")
coder = Agent(role="coder", goal="code", llm=LLM(model="ollama/qwen2.5-coder:7b", base_url="http://localhost:11434"))
critic = Agent(role="critic", llm=LLM(model=Model.SONNET.value))
crew = Crew(agents=[planner, coder, critic], manager_llm="anthropic/claude-3-5-haiku-20241022")
