variable "chat_model_id" {
  description = "Model of Bedrock"
  type        = string
  default     = "anthropic.claude-3-haiku-20240307-v1:0"
}

resource "aws_sagemaker_model" "embed" {
  name               = "embed"
  execution_role_arn = var.role
  primary_container {
    image = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/tei-cpu:1.4.0"
    environment = {
      HF_MODEL_ID = "sentence-transformers/all-mpnet-base-v2"
    }
  }
}

resource "azurerm_cognitive_deployment" "chat" {
  name                 = "chat"
  cognitive_account_id = azurerm_cognitive_account.ai.id
  model {
    format  = "OpenAI"
    name    = "gpt-4o-mini"
    version = "2024-07-18"
  }
}
