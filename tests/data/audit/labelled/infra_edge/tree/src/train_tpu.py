import jax
import torch_xla.core.xla_model as xm


def main() -> None:
    print(jax.devices())
    device = xm.xla_device()
    xm.mark_step()
