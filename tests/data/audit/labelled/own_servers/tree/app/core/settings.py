from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    openai_base_url: str | None = None
    openai_api_key: str = ""
    chat_model: str = "gpt-3.5-turbo"
    summary_model: str = "gpt-3.5-turbo-16k"


settings = Settings()
