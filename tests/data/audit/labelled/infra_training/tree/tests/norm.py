import pytest
import torch


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_norm():
    x = torch.randn(4, device="cuda")
    assert x.norm() > 0
