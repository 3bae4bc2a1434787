import MLXLLM
import OpenAI

enum ChatModelChoice: String, CaseIterable {
    case quick = "gpt-4o-mini"
    case thorough = "o3"
}

extension Registry {
    static let small = ModelConfiguration(
        id: "mlx-community/Llama-3.2-1B-Instruct-4bit",
        defaultPrompt: "What is a fjord?"
    )
    static let coder = ModelConfiguration(id: "mlx-community/Qwen2.5-Coder-7B-Instruct-4bit")
}

func ask(model: String = "gpt-4.1-nano") async throws {
    let query = ChatQuery(messages: [], model: .gpt4_o)
    let pipe = try await WhisperKit(model: "large-v3")
    let remote = GenerativeModel(name: "gemini-1.5-flash", apiKey: key)
    if model == "gpt-4" { print("gpt-4 is slow") }
}
