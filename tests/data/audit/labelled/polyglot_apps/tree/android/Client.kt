package example

data class Settings(
    val chatModel: String = "gpt-4o",
    val temperature: Double = 0.2,
)

enum class Tier(val model: String) {
    FREE("gemini-2.0-flash-lite"),
    PAID("gemini-2.5-pro"),
}

class Client(private val api: OpenAI) {
    val names = listOf("tester", "claude-sonnet-4-20250514")

    suspend fun ask(question: String) {
        val request = ChatCompletionRequest(
            model = ModelId("gpt-4.1-mini"),
            messages = listOf(),
        )
        val body = mapOf("model" to "deepseek-chat", "stream" to true)
        val chosen = System.getenv("CHAT_MODEL") ?: "grok-3-mini"
        when (chosen) {
            "gpt-4" -> log("old")
        }
    }
}
