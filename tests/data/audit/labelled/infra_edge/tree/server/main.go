package main

import "net/http"

const base = "https://dashscope.aliyuncs.com/compatible-mode/v1"

// see https://api.openai.com/v1 for the shape
func main() {
	http.Get(base)
}
