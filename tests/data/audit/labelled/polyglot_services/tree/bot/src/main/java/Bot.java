import static dev.langchain4j.model.openai.OpenAiChatModelName.GPT_4_O;

import dev.langchain4j.model.anthropic.AnthropicChatModel;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.ollama.OllamaChatModel;

class Bot {
    private static final String DEFAULT_MODEL = "claude-3-5-sonnet-20241022";

    @Value("${bot.embedding.model:text-embedding-3-small}")
    String embeddingModel;

    enum Voice {
        SOFT("tts-1"), CLEAR("tts-1-hd");

        Voice(String id) { }
    }

    ChatModel hosted() {
        return OpenAiChatModel.builder().apiKey(key()).modelName(GPT_4_O).build();
    }

    ChatModel careful() {
        return AnthropicChatModel.builder().modelName(DEFAULT_MODEL).build();
    }

    ChatModel standIn() {
        return OpenAiChatModel.builder()
                .baseUrl("http://127.0.0.1:1234/v1")
                .modelName("gpt-4")
                .build();
    }

    ChatModel local() {
        return OllamaChatModel.builder().baseUrl(url()).modelName("qwen2.5:7b").build();
    }

    String payload(String question) {
        return """
            {"model": "gpt-4.1-mini", "input": "hello"}
            """;
    }

    boolean isSmall(String model) {
        return model.endsWith("-mini") || "gpt-4.1-nano".equals(model);
    }
}
