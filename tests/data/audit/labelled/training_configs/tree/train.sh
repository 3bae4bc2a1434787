#!/bin/bash
#SBATCH --gpus=4
BASE_MODEL=${1:-"bigcode/starcoder2-3b"}
accelerate launch train.py \
  --model_name_or_path "$BASE_MODEL" \
  --dataset_name bigcode/the-stack-smol \
  --output_dir out/starcoder
python -m verl.trainer.main_ppo \
  data.train_files=data/gsm8k/train.parquet \
  actor_rollout_ref.model.path=deepseek-ai/deepseek-llm-7b-chat \
  critic.model.path=deepseek-ai/deepseek-llm-7b-base
