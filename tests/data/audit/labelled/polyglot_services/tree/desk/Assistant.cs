using OpenAI.Chat;

public class AssistantOptions
{
    public string TextModel { get; set; } = "gpt-4o";
    public string EmbeddingModel { get; set; } = "text-embedding-3-large";
}

public static class Assistant
{
    private static readonly Dictionary<string, int> ModelDimensions = new()
    {
        ["text-embedding-ada-002"] = 1536,
        ["sentence-transformers/all-MiniLM-L6-v2"] = 384,
    };

    public static void Make(IKernelBuilder builder, string key)
    {
        builder.AddOpenAIChatCompletion(modelId: "gpt-4.1", apiKey: key);
        var chat = new ChatClient("o4-mini", key);
        var local = new OllamaApiClient(new Uri("http://localhost:11434"), "phi4-mini");
        var studio = new OpenAIConfig
        {
            Endpoint = "http://localhost:1234/v1",
            TextModel = "gpt-3.5-turbo",
        };
        var chosen = Environment.GetEnvironmentVariable("MODEL") ?? "gpt-5-mini";
        logger.LogInformation("started");
    }
}
