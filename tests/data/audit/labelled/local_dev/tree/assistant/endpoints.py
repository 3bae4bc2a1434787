HOST = "http://192.168.1.20:8080"
DRAFT_URL = f"{HOST}/v1"
CLOUD_URL = "https://api.openai.com/v1"
