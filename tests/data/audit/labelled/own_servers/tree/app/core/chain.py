from langchain_openai import ChatOpenAI

# takes its address from the environment
titles = ChatOpenAI(model="gpt-3.5-turbo", temperature=0)
