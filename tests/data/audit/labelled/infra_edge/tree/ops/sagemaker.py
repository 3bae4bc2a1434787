import sagemaker
from sagemaker.huggingface import HuggingFaceModel

model = HuggingFaceModel(
    image_uri="763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference:2.3.0-tgi2.2.0-gpu-py310-cu121-ubuntu22.04",
    role="role",
)
predictor = model.deploy(initial_instance_count=1, instance_type="ml.g5.12xlarge")
