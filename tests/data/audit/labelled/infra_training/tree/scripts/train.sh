#!/usr/bin/env bash
#SBATCH --gres=gpu:8
set -e
export CUDA_LAUNCH_BLOCKING=0
nvidia-smi
nvcc --version
CUDA_VISIBLE_DEVICES=0,1 torchrun --nproc_per_node 2 -m trainer --device cuda
docker run --rm --gpus all -v "$PWD:/src" nvcr.io/nvidia/pytorch:24.07-py3 python3 -m trainer
