#pragma once
#include <cuda_fp16.h>
#include <mma.h>
#include "common.h"

using namespace nvcuda;

template <typename T>
__launch_bounds__(256) __global__ void gemm(const T* a, const T* b, T* c) {
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> acc;
    asm("cp.async.wait_all;\n" ::);
}
