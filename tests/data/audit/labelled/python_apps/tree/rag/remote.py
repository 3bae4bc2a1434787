class Cohere:
    def models(self):
        return ["embed-english-v3.0"]

    def region(self):
        return ["us-east-1", "utf-8"]
