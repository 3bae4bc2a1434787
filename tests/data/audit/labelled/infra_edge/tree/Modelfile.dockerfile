FROM --platform=linux/amd64 ghcr.io/ggml-org/llama.cpp:server-cuda
ENV NVIDIA_VISIBLE_DEVICES=all
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
EXPOSE 8080
