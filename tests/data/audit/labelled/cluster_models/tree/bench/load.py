from langchain_openai import ChatOpenAI

chat = ChatOpenAI(model="gpt-3.5-turbo")
print(chat.invoke("Say hello"))
