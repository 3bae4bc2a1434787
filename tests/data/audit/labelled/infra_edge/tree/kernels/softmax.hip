#include <hip/hip_runtime.h>

__global__ void softmax(float* x, int n) {
    int i = blockIdx.x;
    x[i] = __expf(x[i]);
}
