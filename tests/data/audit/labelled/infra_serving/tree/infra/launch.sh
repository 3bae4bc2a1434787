aws ec2 run-instances --instance-type p4d.24xlarge --image-id "$AMI"
gcloud compute instances create tpu-vm --machine-type=ct5lp-hightpu-4t
sudo apt-get install -y nvidia-driver-550 cuda-toolkit-12-4
CMAKE_ARGS="-DGGML_HIPBLAS=on" pip install llama-cpp-python
pip install torch --index-url https://download.pytorch.org/whl/cpu
npm install @anthropic-ai/sdk
