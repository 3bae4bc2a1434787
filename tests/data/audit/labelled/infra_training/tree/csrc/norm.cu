#include <cuda_runtime.h>
#include <torch/extension.h>

// __global__ void commented_out(float*);
__device__ __forceinline__ float lane(float v) {
    return __shfl_xor_sync(0xffffffff, v, 16);
}

__global__ void rms_norm(float* out, const float* in, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = lane(in[i]);
}

__device__ __forceinline__ float fast_exp(float x) {
    float y;
    asm volatile("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

void launch(float* out, const float* in, int n, cudaStream_t stream) {
    rms_norm<<<(n + 255) / 256, 256, 0, stream>>>(out, in, n);
    cudaStreamSynchronize(stream);
}
