#include "whisper.h"
#include <string>

struct params {
    std::string model = "models/ggml-base.en.bin";
    std::string language = "en";
};

static const char * url = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main/ggml-large-v3.bin";

int main() {
    json request = {{"model", "gpt-4o-mini"}, {"stream", true}};
    std::string body = "{\"model\": \"gpt-4-turbo\", \"n\": 1}";
    Ort::SessionOptions options;
    // options.AppendExecutionProvider_TensorRT(rt);
    options.AppendExecutionProvider_CUDA(cuda);
    load("Qwen2.5-0.5B-Instruct-Q4_K_M.gguf");
    return 0;
}
