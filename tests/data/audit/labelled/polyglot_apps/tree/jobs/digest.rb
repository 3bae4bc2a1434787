# frozen_string_literal: true

# Uses "gpt-4.1" unless told otherwise.
class Digest
  DEFAULTS = {
    chat_model: "gpt-4.1",
    embedding_model: "text-embedding-3-small",
    temperature: 0.0
  }.freeze

  SIZES = { "text-embedding-3-large": 3072, "nomic-embed-text": 768 }.freeze

  def initialize(model: ENV.fetch("DIGEST_MODEL", "claude-3-5-haiku-20241022"))
    @model = model
    @reader = Informers.pipeline("embedding", "sentence-transformers/all-MiniLM-L6-v2")
    @chat = RubyLLM.chat(model: "gemini-2.0-flash")
    @local = OpenAI::Client.new(uri_base: "http://localhost:11434/v1")
    @judge = Bedrock.new(model_id: "anthropic.claude-3-haiku-20240307-v1:0")
  end

  def run(text)
    @client.chat(parameters: { model: "gpt-4o", messages: [] })
  end
end
