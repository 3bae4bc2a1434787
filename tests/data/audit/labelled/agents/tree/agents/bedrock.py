import json

import boto3

TITAN = "amazon.titan-embed-text-v2:0"
client = boto3.client("bedrock-runtime", region_name="us-east-1")


def embed(text):
    return client.invoke_model(modelId=TITAN, contentType="application/json", body=json.dumps({"inputText": text}))


def chat(text):
    return client.converse(modelId="us.meta.llama3-2-90b-instruct-v1:0", messages=[])
