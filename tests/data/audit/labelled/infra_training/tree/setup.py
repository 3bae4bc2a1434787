from setuptools import find_packages, setup
from torch.utils.cpp_extension import BuildExtension, CUDAExtension

setup(
    name="trainer",
    packages=find_packages(),
    install_requires=["torch>=2.4", "numpy", "deepspeed"],
    extras_require={"flash": ["flash-attn>=2.6"]},
    ext_modules=[
        CUDAExtension(
            "trainer._C",
            ["csrc/norm.cu", "csrc/bindings.cpp"],
            extra_compile_args={"nvcc": ["-O3", "-gencode=arch=compute_90,code=sm_90"]},
        )
    ],
    cmdclass={"build_ext": BuildExtension},
)
